/* hello.c - says a line on the serial port, with nothing below it. */

/* A 16550's registers are a byte apart: what is stored in the first is sent, and bit 5 of the
 * sixth says that there is room for it. */
static volatile unsigned char *const uart = (unsigned char *)0x10000000;

enum { SEND, LINE_STATUS = 5, ROOM = 0x20 };

static void send(char c)
{
	while (!(uart[LINE_STATUS] & ROOM))
		;
	uart[SEND] = (unsigned char)c;
}

static void print(const char *text)
{
	while (*text)
		send(*text++);
}

static unsigned int hart(void)
{
	unsigned long id;

	__asm__ volatile("csrr %0, mhartid" : "=r"(id));
	return (unsigned int)id;
}

#ifndef VERDICT
#define VERDICT 0
#endif

int main(void)
{
	print("Hello from hart ");
	send((char)('0' + hart()));
	print(".\n");
	return VERDICT;
}
