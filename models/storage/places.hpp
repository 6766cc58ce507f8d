// A number of places, first come first served: commands at a device, requests in a queue.
//
//   co_await places.take();
//   ...
//   places.give_back();
//
// Given back by name and not by a guard: a simulation that ends leaves processes behind, and their
// frames go after the device. Taking a free place costs no event; who has waited goes on behind
// what is due at the instant.
// Checked tests/models/storage/places_test.cpp.
#pragma once

#include <coroutine>

#include "sim/engine.hpp"
#include "sim/event.hpp"

namespace models::storage {

class Places {
 public:
  struct Taking {
    Places& places;
    Taking* next = nullptr;
    std::coroutine_handle<> waiter{};
    bool await_ready() const noexcept {
      if (places.free_ == 0) return false;
      --places.free_;
      return true;
    }
    void await_suspend(std::coroutine_handle<> waiting) {
      waiter = waiting;
      places.waiting_.append(*this);
    }
    void await_resume() const noexcept {}
  };

  Places(sim::Engine& engine, int count)
      : free_{count}, wake_{sim::Event::calling<&Places::resume>(engine, *this)} {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  Taking take() { return Taking{*this}; }
  void give_back() {
    if (waiting_.first == nullptr) {
      ++free_;
      return;
    }
    granted_.append(waiting_.remove());
    if (!wake_.pending()) wake_.after(sim::Duration::zero());
  }

 private:
  struct List {
    Taking* first = nullptr;
    Taking* last = nullptr;
    void append(Taking& one) {
      (first == nullptr ? first : last->next) = &one;
      last = &one;
    }
    Taking& remove() {
      Taking& one = *first;
      first = one.next;
      one.next = nullptr;
      return one;
    }
  };
  void resume() {
    while (granted_.first != nullptr) granted_.remove().waiter.resume();
  }

  int free_;
  List waiting_;
  List granted_;
  sim::Event wake_;
};

}  // namespace models::storage
