// Attention with heads of 64 numbers. What follows are the rows of tiles, from which Java computes shared memory too.
#define HEAD_DIM 64
#define FORWARD_ROWS 128
#define FORWARD_KEYS 64
#define QUERIES_ROWS 128
#define QUERIES_KEYS 32
#define KEYS_ROWS 64
#define KEYS_QUERIES 64
#define KEYS_PARTS 1
#include "flashForward.cuh"
#include "flashBackward.cuh"
