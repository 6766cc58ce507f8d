// A disk image: a block device for the guest on top of a file or a device, opened and closed.
#pragma once

#include "models/storage/block_device.hpp"
#include "models/storage/image/description.hpp"

namespace models::storage::image {

class Image : public BlockDevice {
 public:
  // The I/O of opening and closing it; serving requires it to be open, which `open` need not have
  // been awaited for: an image that was opened before the simulation began costs nothing now.
  virtual sim::Task<> open() = 0;
  virtual sim::Task<> close() = 0;
  // Whether the range is known to read as zeroes (block status), what it takes to find out
  // included.
  virtual sim::Task<bool> reads_as_zeroes(sim::Bytes offset, sim::Bytes size) = 0;
  virtual const Stats& stats() const = 0;
};

}  // namespace models::storage::image
