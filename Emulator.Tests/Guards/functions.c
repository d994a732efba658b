// What the guards translate: functions.rv64.hex and functions.x86-64.hex hold their code, a function a line, as GCC made it with
// -O2 -fno-tree-vectorize. They stay as they are: another compiler's code would be another measure.
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;

double dot(const double *a, const double *b, long n)
{
    double sum = 0;
    for (long i = 0; i < n; i++) sum += a[i] * b[i * 64];
    return sum;
}

u32 crc(u32 c, const u8 *p, long n)
{
    for (long i = 0; i < n; i++)
    {
        c ^= p[i];
        for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
    }
    return c;
}

int compare(const char *a, const char *b)
{
    while (*a && *a == *b) a++, b++;
    return (u8)*a - (u8)*b;
}

struct node { struct node *next; long key, value; };

struct node *find(struct node *list, long key)
{
    for (; list; list = list->next)
        if (list->key == key)
        {
            list->value++;
            break;
        }
    return list;
}

u64 mixer(u64 *t, long n)
{
    u64 a = 1, b = 2, c = 3, d = 4;
    for (long i = 0; i < n; i++)
    {
        a += b ^ t[i];
        d = (d ^ a) << 13 | (d ^ a) >> 51;
        c += d * 7;
        b = (b ^ c) >> 17 | (b ^ c) << 47;
        t[i] = a + d;
    }
    return a ^ b ^ c ^ d;
}

u64 digits(u64 v, u8 *o)
{
    u64 n = 0;
    do
    {
        o[n++] = (u8)('0' + v % 10);
        v /= 10;
    } while (v);
    return n;
}

__attribute__((noinline)) int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
