/* weather.c - a driver for a sensor, written before there is one. */

static volatile unsigned char *const uart = (unsigned char *)0x10000000;
static volatile unsigned int *const sensor = (unsigned int *)0x10060000;

enum { ID, CONTROL, STATUS, TEMPERATURE, FAULTS };
enum { MEASURE = 1, READY = 1, READINGS = 4 };

static void send(char c)
{
	while (!(uart[5] & 0x20))
		;
	uart[0] = (unsigned char)c;
}

static void print(const char *text)
{
	while (*text)
		send(*text++);
}

static void print_number(unsigned int v)
{
	if (v >= 10)
		print_number(v / 10);
	send((char)('0' + v % 10));
}

static unsigned int wait_ready(void)
{
	unsigned int looks = 1;

	while (!(sensor[STATUS] & READY))
		looks++;
	return looks;
}

int main(void)
{
	if (sensor[ID] >> 16 != 0x5753)
		return 1;
	print("sensor: revision ");
	print_number(sensor[ID] & 0xffff);
	sensor[FAULTS] = sensor[FAULTS];
	if (sensor[FAULTS])
		return 2;
	sensor[CONTROL] = MEASURE;
	print(", ready at look ");
	print_number(wait_ready());
	print("\n");
	for (int i = 0; i < READINGS; i++) {
		print_number(sensor[TEMPERATURE]);
		print(i + 1 < READINGS ? " " : " degrees\n");
	}
	return 0;
}
