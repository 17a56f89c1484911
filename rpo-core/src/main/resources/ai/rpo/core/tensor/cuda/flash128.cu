// Attention with heads of 128 numbers. What follows are the rows of tiles, from which Java computes shared memory too.
#define HEAD_DIM 128
#define FORWARD_ROWS 128
#define FORWARD_KEYS 48
#define QUERIES_ROWS 64
#define QUERIES_KEYS 48
#define KEYS_ROWS 64
#define KEYS_QUERIES 32
#define KEYS_PARTS 1
#include "flashForward.cuh"
#include "flashBackward.cuh"
