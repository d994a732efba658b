// Lists, small integer matrices and a CRC in turn, as control code does.
#include "kernel.h"

enum { Nodes = 200, Side = 24, Rounds = 1800 };

struct node { struct node *next; u16 key; u16 value; };

static struct node nodes[Nodes];
static int left[Side][Side], right[Side][Side], product[Side][Side];

static struct node *merge(struct node *a, struct node *b)
{
    struct node head, *tail = &head;
    while (a && b)
    {
        struct node **smaller = a->key <= b->key ? &a : &b;
        tail = tail->next = *smaller;
        *smaller = (*smaller)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static struct node *sort(struct node *list)
{
    if (!list || !list->next) return list;
    struct node *slow = list, *fast = list->next;
    while (fast && fast->next)
    {
        slow = slow->next;
        fast = fast->next->next;
    }
    struct node *second = slow->next;
    slow->next = 0;
    return merge(sort(list), sort(second));
}

static u16 crc(u16 sum, u32 value)
{
    for (int bit = 0; bit < 32; bit++, value >>= 1)
    {
        u16 carry = (sum ^ value) & 1;
        sum >>= 1;
        if (carry) sum ^= 0xa001;
    }
    return sum;
}

u64 kernel(void)
{
    u64 random = 88172645463325252UL;
    u16 sum = 0xffff;
    for (int round = 0; round < Rounds; round++)
    {
        for (int i = 0; i < Nodes; i++)
        {
            nodes[i].key = (u16)next_random(&random);
            nodes[i].value = (u16)i;
            nodes[i].next = i + 1 < Nodes ? &nodes[i + 1] : 0;
        }
        for (struct node *at = sort(nodes); at; at = at->next) sum = crc(sum, at->key ^ ((u32)at->value << 16));
        for (int i = 0; i < Side * Side; i++)
        {
            left[i / Side][i % Side] = (int)(random >> (i & 31)) & 255;
            right[i / Side][i % Side] = sum + i;
        }
        for (int i = 0; i < Side; i++)
            for (int j = 0; j < Side; j++)
            {
                int value = 0;
                for (int k = 0; k < Side; k++) value += left[i][k] * right[k][j];
                product[i][j] = value;
            }
        for (int i = 0; i < Side; i++) sum = crc(sum, (u32)product[i][(i * 7) % Side]);
    }
    return mix(sum, random);
}
