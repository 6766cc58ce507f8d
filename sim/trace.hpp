// What happened when, one line an event: the surface of golden tests. Costs one branch when off.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>

#include "sim/units.hpp"

namespace sim {

// Receives lines in time order.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void line(Instant time, std::string_view text) = 0;
};

class Trace {
 public:
  void to(TraceSink* sink) { sink_ = sink; }  // nullptr: off
  bool on() const { return sink_ != nullptr; }
  // `write(out)` is called only when tracing: nothing is formatted, nothing evaluated otherwise.
  template <class Write>
  void record(Instant time, Write&& write) {
    if (sink_ == nullptr) [[likely]]
      return;
    fmt::memory_buffer text;
    write(text);
    sink_->line(time, {text.data(), text.size()});
  }

 private:
  TraceSink* sink_ = nullptr;
};

// Collects "12.345 us  text" lines.
class TextTrace final : public TraceSink {
 public:
  void line(Instant time, std::string_view text) override {
    const auto ps = time.time_since_epoch().count();
    fmt::format_to(std::back_inserter(text_), "{}.{:06} us  {}\n", ps / 1'000'000, ps % 1'000'000,
                   text);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace sim
