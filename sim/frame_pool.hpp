// Memory for coroutine frames: freed frames are kept by size and given out again.
//
// Belongs to one engine and is used from its thread only, so there is no lock and no global.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace sim {

class FramePool {
 public:
  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool() {
    for (Free* list : free_) {
      while (list != nullptr) {
        Free* next = list->next;
        ::operator delete(list);
        list = next;
      }
    }
  }

  void* allocate(std::size_t bytes) {
    const std::size_t size_class = class_of(bytes);
    if (size_class >= free_.size()) return ::operator new(bytes);
    if (free_[size_class] == nullptr) return ::operator new(size_class* kStep);
    Free* frame = free_[size_class];
    free_[size_class] = frame->next;
    return frame;
  }
  void release(void* frame, std::size_t bytes) {
    const std::size_t size_class = class_of(bytes);
    if (size_class >= free_.size()) {
      ::operator delete(frame);
      return;
    }
    free_[size_class] = ::new (frame) Free{free_[size_class]};
  }

 private:
  struct Free {
    Free* next;
  };
  static constexpr std::size_t kStep = 64;  // sizes are rounded up to a cache line
  static std::size_t class_of(std::size_t bytes) { return (bytes + kStep - 1) / kStep; }
  std::array<Free*, 64> free_{};  // [size / kStep]; frames of 4 KiB and more are not kept
};

}  // namespace sim
