/* fp.h - the floating-point rows of micro.c, for one type
 *
 * Included twice: REAL is the type, FP(x) the name of x for it.  Only operations whose
 * result IEEE 754 fixes to the bit: add, subtract, multiply, divide, square root.
 */

static u64 FP(bits)(const REAL *v, u64 n)
{
	u64 hash = 0;

	for (u64 i = 0; i < n; i++) {
		u64 word = 0;

		memcpy(&word, &v[i], sizeof(v[i]));
		hash = hash * MIX + word;
	}
	return hash;
}

/* -- nbody: five bodies that attract each other ------------------------------------------ */

struct FP(body) {
	REAL at[3], speed[3], mass;
};

static void FP(attract)(struct FP(body) * a, struct FP(body) * b)
{
	REAL d[3], dist2 = (REAL)0.01, pull;

	for (u32 k = 0; k < 3; k++) {
		d[k] = a->at[k] - b->at[k];
		dist2 += d[k] * d[k];
	}
	pull = (REAL)0.001 / (dist2 * FP_SQRT(dist2));
	for (u32 k = 0; k < 3; k++) {
		a->speed[k] -= d[k] * b->mass * pull;
		b->speed[k] += d[k] * a->mass * pull;
	}
}

static u64 FP(nbody)(void *mem, u64 size, u64 work)
{
	struct FP(body) body[5];
	u64 hash = 0, random = 1;

	for (u32 i = 0; i < 5; i++) {
		for (u32 k = 0; k < 3; k++) {
			body[i].at[k] = (REAL)(next_random(&random) % 1000) / 100;
			body[i].speed[k] = (REAL)(next_random(&random) % 1000) / 1000;
		}
		body[i].mass = (REAL)(i + 1);
	}
	for (u64 w = 0; w < work; w++) {
		for (u32 i = 0; i < 5; i++)
			for (u32 j = i + 1; j < 5; j++)
				FP(attract)(&body[i], &body[j]);
		for (u32 i = 0; i < 5; i++)
			for (u32 k = 0; k < 3; k++)
				body[i].at[k] += (REAL)0.001 * body[i].speed[k];
	}
	for (u32 i = 0; i < 5; i++)
		hash = hash * MIX + FP(bits)(body[i].at, 3);
	(void)mem, (void)size;
	return hash;
}

/* -- mandelbrot: `size` points on a side --------------------------------------------------- */

static u32 FP(escape)(REAL cr, REAL ci)
{
	REAL r = 0, i = 0;
	u32 n;

	for (n = 0; n < 100; n++) {
		REAL r2 = r * r, i2 = i * i;

		if (r2 + i2 > 4)
			break;
		i = 2 * r * i + ci;
		r = r2 - i2 + cr;
	}
	return n;
}

static u64 FP(mandel)(void *mem, u64 size, u64 work)
{
	REAL step = (REAL)3 / (REAL)size;
	u64 hash = 0;

	for (u64 w = 0; w < work; w++)
		for (u64 y = 0; y < size; y++)
			for (u64 x = 0; x < size; x++)
				hash = hash * MIX +
				       FP(escape)((REAL)x * step - 2, (REAL)y * step - (REAL)1.5);
	(void)mem;
	return hash;
}

/* -- matmul: square matrices of `size`, the second read by column ------------------------ */

static u64 FP(matmul)(void *mem, u64 size, u64 work)
{
	REAL *a = mem, *b = a + size * size, *c = b + size * size;

	for (u64 i = 0; i < size * size; i++) {
		a[i] = (REAL)(i % 17) / 16;
		b[i] = (REAL)(i % 13) / 8;
	}
	for (u64 w = 0; w < work; w++) {
		for (u64 i = 0; i < size; i++)
			for (u64 j = 0; j < size; j++) {
				REAL sum = 0;

				for (u64 k = 0; k < size; k++)
					sum += a[i * size + k] * b[k * size + j];
				c[i * size + j] = sum;
			}
		a[w % size] += c[w % size] / 4096;
	}
	return FP(bits)(c, size * size);
}

/* -- fma: four polynomials ------------------------------------------------------------------ */

FMA_TARGET static u64 FP(fma)(void *mem, u64 size, u64 work)
{
	REAL p[4] = { 1, 2, 3, 4 };
	const REAL x[4] = { (REAL)0.5, (REAL)-0.25, (REAL)0.75, (REAL)-0.125 };

	for (u64 w = 0; w < work; w++) {
		p[0] = FP_FMA(p[0], x[0], (REAL)1.0);
		p[1] = FP_FMA(p[1], x[1], p[0]);
		p[2] = FP_FMA(p[2], x[2], p[1]);
		p[3] = FP_FMA(p[3], x[3], (REAL)0.125);
	}
	(void)mem, (void)size;
	return FP(bits)(p, 4);
}

/* -- axpy ----------------------------------------------------------------------------------- */

static u64 FP(axpy)(void *mem, u64 size, u64 work)
{
	u64 n = size / 2 / sizeof(REAL);
	REAL *x = mem, *y = x + n;

	for (u64 i = 0; i < n; i++) {
		x[i] = (REAL)(i % 31) / 16;
		y[i] = 0;
	}
	for (u64 w = 0; w < work; w++) {
		REAL a = (REAL)(w % 7) / 8;

		for (u64 i = 0; i < n; i++)
			y[i] += a * x[i];
	}
	return FP(bits)(y, n);
}
