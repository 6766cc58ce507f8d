// Has an object brought to the caches while others are worked on. For loops over many objects that
// each lie somewhere else: what a large simulation waits for is memory.
#pragma once

#include <cstddef>

namespace sim {

template <class T>
void prefetch(const T& object) {
  constexpr std::size_t kStep = 64;
  const char* const begin = reinterpret_cast<const char*>(&object);
  for (std::size_t at = 0; at < sizeof(T); at += kStep) __builtin_prefetch(begin + at);
}

}  // namespace sim
