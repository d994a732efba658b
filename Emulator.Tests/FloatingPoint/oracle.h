// What every oracle shares: it prints the names of its operations, one a line, when called with an argument; otherwise it
// reads records from standard input, executes each one's instruction with cleared flags, and writes results and flags.
#include <stdint.h>
#include <stdio.h>

struct request { uint32_t operation, rounding; uint64_t a, b, c; };
struct answer { uint64_t result, flags; };
struct operation { const char *name; void (*run)(const struct request *, struct answer *); };

enum { BATCH = 4096 };

static int serve(const struct operation *operations, unsigned count, int names)
{
    static struct request requests[BATCH];
    static struct answer answers[BATCH];
    for (unsigned i = 0; names && i < count; i++)
        puts(operations[i].name);
    for (size_t n; !names && (n = fread(requests, sizeof *requests, BATCH, stdin)) > 0; fflush(stdout))
    {
        for (size_t i = 0; i < n; i++)
        {
            if (requests[i].operation >= count)
                return 1;
            operations[requests[i].operation].run(&requests[i], &answers[i]);
        }
        if (fwrite(answers, sizeof *answers, n, stdout) != n)
            return 1;
    }
    return 0;
}
