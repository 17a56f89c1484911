// Attention with heads of 256 numbers. What follows are the rows of tiles, from which Java computes shared memory too.
#define HEAD_DIM 256
#define FORWARD_ROWS 64
#define FORWARD_KEYS 32
#define QUERIES_ROWS 64
#define QUERIES_KEYS 16
#define KEYS_ROWS 32
#define KEYS_QUERIES 32
#define KEYS_PARTS 2
#include "flashForward.cuh"
#include "flashBackward.cuh"
