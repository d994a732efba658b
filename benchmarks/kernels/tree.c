// A binary search tree in an array: insertion, search and removal of the smallest, larger than a host's first caches.
#include "kernel.h"

enum { Keys = 60000, Searches = 400000, Rounds = 10 };

struct node { u64 key; u32 left, right; };

static struct node tree[Keys + 1]; // node 0 is none
static u32 used;

static void insert(u32 *root, u64 key)
{
    while (*root != 0)
    {
        struct node *at = &tree[*root];
        if (at->key == key) return;
        root = key < at->key ? &at->left : &at->right;
    }
    tree[++used] = (struct node){ key, 0, 0 };
    *root = used;
}

static u32 depth_of(u32 root, u64 key)
{
    u32 depth = 0;
    for (; root != 0 && tree[root].key != key; depth++) root = key < tree[root].key ? tree[root].left : tree[root].right;
    return root != 0 ? depth : depth + 1000;
}

static u64 take_smallest(u32 *root)
{
    while (tree[*root].left != 0) root = &tree[*root].left;
    u64 key = tree[*root].key;
    *root = tree[*root].right;
    return key;
}

u64 kernel(void)
{
    u64 random = 987654321, sum = 0;
    for (int round = 0; round < Rounds; round++)
    {
        u32 root = 0;
        used = 0;
        for (int i = 0; i < Keys; i++) insert(&root, next_random(&random) % 100000);
        u64 depths = 0;
        for (int i = 0; i < Searches; i++) depths += depth_of(root, next_random(&random) % 100000);
        sum = mix(sum, depths);
        while (root != 0) sum = mix(sum, take_smallest(&root));
    }
    return sum;
}
