#ifndef PUYPUY_CSNAPPY_SHIM_H
#define PUYPUY_CSNAPPY_SHIM_H

#include <snappy-c.h>

#endif
