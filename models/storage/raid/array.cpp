#include "models/storage/raid/array.hpp"

#include <fmt/format.h>

#include <utility>

#include "models/storage/raid/controller.hpp"
#include "models/storage/raid/copies.hpp"
#include "models/storage/raid/parity.hpp"
#include "sim/error.hpp"

namespace models::storage::raid {

std::unique_ptr<Array> make_array(sim::Engine& engine, const Description& description,
                                  std::vector<BlockDevice*> members, Thread& raid_thread,
                                  std::vector<Thread*> group_threads) {
  if (description.hardware.present) {
    return std::make_unique<Controller>(engine, description, std::move(members));
  }
  if (static_cast<int>(group_threads.size()) != description.group_threads) {
    throw sim::ConfigError{fmt::format("{} threads given for a group_thread_cnt of {}",
                                       group_threads.size(), description.group_threads)};
  }
  std::vector<Thread*> threads{&raid_thread};
  threads.insert(threads.end(), group_threads.begin(), group_threads.end());
  if (description.level == Level::raid5 || description.level == Level::raid6) {
    return std::make_unique<Parity>(engine, description, std::move(members), std::move(threads));
  }
  return std::make_unique<Copies>(engine, description, std::move(members), std::move(threads));
}

}  // namespace models::storage::raid
