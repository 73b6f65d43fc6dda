# figures.awk - medians of what was measured more than once; what the tables have in common

function add(key, value) {
	values[key, ++count[key]] = value + 0
}

# Sorts what was added to a key; what follows reads it in order.
function sorted(key,   i, k, t) {
	for (i = 2; i <= count[key]; i++) {
		t = values[key, i]
		for (k = i - 1; k && values[key, k] > t; k--) values[key, k + 1] = values[key, k]
		values[key, k + 1] = t
	}
}

function median(key,   n) {
	n = count[key]
	if (!n) return 0
	sorted(key)
	return n % 2 ? values[key, (n + 1) / 2] : (values[key, n / 2] + values[key, n / 2 + 1]) / 2
}

function spread(key,   m) {
	m = median(key)
	return m > 0 ? (values[key, count[key]] - values[key, 1]) / m * 100 : 0
}

function largest(a, b) {
	return a > b ? a : b
}
