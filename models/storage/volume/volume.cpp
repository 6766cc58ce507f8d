#include "models/storage/volume/volume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/error.hpp"
#include "sim/join.hpp"

namespace models::storage::volume {

using sim::Bytes;

Volume::Volume(sim::Engine& engine, const Description& description, std::vector<Part> parts)
    : engine_{engine}, description_{description}, parts_{std::move(parts)} {
  if (parts_.empty()) throw sim::ConfigError{"volume on 0 devices, needs at least 1"};
  const bool striped = description.kind == Kind::striped;
  if (striped && description.stripe.count() < 4096) {
    throw sim::ConfigError{
        fmt::format("stripe of {} B, needs at least 4 KiB", description.stripe.count())};
  }
  Bytes least{};
  Bytes total{};
  for (Part& part : parts_) {
    const Bytes room = part.device->capacity() - part.offset;
    if (part.size.count() == 0) part.size = room;
    if (part.size > room || part.size.count() <= 0) {
      throw sim::ConfigError{fmt::format("part of {} B at {} B does not fit its device of {} B",
                                         part.size.count(), part.offset.count(),
                                         part.device->capacity().count())};
    }
    least = total.count() == 0 ? part.size : std::min(least, part.size);
    total += part.size;
    if (std::find(devices_.begin(), devices_.end(), part.device) == devices_.end()) {
      devices_.push_back(part.device);
    }
  }
  const Bytes stripe = description.stripe;
  const Bytes most =
      striped ? stripe * (least.count() / stripe.count()) * static_cast<std::int64_t>(parts_.size())
              : total;
  size_ = description.size.count() == 0 ? most : description.size;
  if (size_ > most || size_.count() == 0) {
    throw sim::ConfigError{
        fmt::format("volume of {} B, its devices hold {} B", size_.count(), most.count())};
  }
}

Volume::Place Volume::place(Bytes offset) const {
  if (description_.kind == Kind::striped) {
    const std::int64_t stripe = description_.stripe.count();
    const auto width = static_cast<std::int64_t>(parts_.size());
    const std::int64_t number = offset.count() / stripe;
    const std::int64_t within = offset.count() % stripe;
    const auto part = static_cast<std::size_t>(number % width);
    return {part, parts_[part].offset + Bytes{number / width * stripe + within},
            Bytes{stripe - within}};
  }
  std::size_t part = 0;
  while (offset >= parts_[part].size) offset -= parts_[part++].size;
  return {part, parts_[part].offset + offset, parts_[part].size - offset};
}

sim::Task<> Volume::serve(Request request) {
  if (description_.remap > sim::Duration::zero()) co_await engine_.delay(description_.remap);
  if (request.operation == Operation::flush) {
    co_await flush();
    co_return;
  }
  if (request.offset + request.size > size_) {
    throw sim::ModelError{"request beyond the end of a volume"};
  }
  if (request.size.count() == 0) co_return;
  const Place first = place(request.offset);
  if (first.size < request.size) {
    co_await scatter(request);
    co_return;
  }
  request.offset = first.offset;
  co_await parts_[first.part].device->serve(request);
}

// One request to each part where what it gets lies together there.
sim::Task<> Volume::scatter(Request request) {
  std::vector<Place> places;
  for (Bytes done{}; done < request.size;) {
    Place next = place(request.offset + done);
    next.size = std::min(next.size, request.size - done);
    done += next.size;
    const auto last = std::find_if(places.rbegin(), places.rend(), [&](const Place& each) {
      return each.part == next.part && each.offset + each.size == next.offset;
    });
    if (last != places.rend()) {
      last->size += next.size;
    } else {
      places.push_back(next);
    }
  }
  sim::Join join{engine_};
  for (const Place& each : places) {
    request.offset = each.offset;
    request.size = each.size;
    join.add(parts_[each.part].device->serve(request));
  }
  co_await join.all();
}

sim::Task<> Volume::flush() {
  Request request;
  request.operation = Operation::flush;
  sim::Join join{engine_};
  for (BlockDevice* device : devices_) join.add(device->serve(request));
  co_await join.all();
}

}  // namespace models::storage::volume
