// CHECK(condition): a broken invariant of our own ends the process, in release builds too.
#pragma once

#include <cstdio>
#include <cstdlib>

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      std::fprintf(stderr, "%s:%d: invariant broken: %s\n", __FILE__, __LINE__, #condition);    \
      std::abort();                                                                             \
    }                                                                                           \
  } while (false)
