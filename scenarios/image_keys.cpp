#include "scenarios/image_keys.hpp"

#include <charconv>

#include "scenarios/fields.hpp"

namespace scenarios {
namespace {

namespace storage = models::storage;

Field<storage::image::Description> release_key() {
  using T = storage::image::Description;
  return {"qemu",
          "release such as \"7.2\"",
          "release of QEMU: its defaults and short cuts",
          [](T& image, const Node& node, const std::string& path, Problems& problems) {
            storage::image::Release release{0, 0};
            if (node.text() != nullptr) {
              const std::string& text = *node.text();
              const char* const end = text.data() + text.size();
              const auto major = std::from_chars(text.data(), end, release.major);
              if (major.ec == std::errc{} && major.ptr != end && *major.ptr == '.') {
                const auto minor = std::from_chars(major.ptr + 1, end, release.minor);
                if (minor.ec == std::errc{} && minor.ptr == end) {
                  image.release = release;
                  return;
                }
              }
            }
            expect(problems, node, path, "a release such as \"7.2\"");
          },
          [](const T& image) {
            return Json(fmt::format("{}.{}", image.release.major, image.release.minor));
          },
          {}};
}

}  // namespace

const Section<storage::image::Description>& image_keys() {
  using T = storage::image::Description;
  using storage::image::Format;
  using storage::image::Preallocation;
  static const std::vector<Word<Format>> formats{{"raw", Format::raw}, {"qcow2", Format::qcow2}};
  static const std::vector<Word<Preallocation>> preallocations{
      {"off", Preallocation::off},
      {"metadata", Preallocation::metadata},
      {"falloc", Preallocation::falloc},
      {"full", Preallocation::full}};
  static const Section<T> section{
      choice("format", &T::format, formats, "of the image"),
      choice("preallocation", &T::preallocation, preallocations,
             "what was allocated when the image was made"),
      quantity("allocated", Unit::size, &T::allocated,
               "so much of its beginning was written before"),
      quantity("cluster", Unit::size, &T::cluster, "qcow2: allocated at once", Zero::refused),
      truth("extended_l2", &T::extended_l2,
            "qcow2, QEMU 5.2: entries of 16 B; a cluster is filled in 32 subclusters"),
      truth("lazy_refcounts", &T::lazy_refcounts, "qcow2: refcounts written at the end"),
      whole("snapshots", &T::snapshots, 0, 1024, "qcow2: internal ones that share what is there"),
      quantity("l2_cache", Unit::size, &T::l2_cache, "l2-cache-size; 0 B: the release's default"),
      quantity("l2_cache_entry", Unit::size, &T::l2_cache_entry,
               "l2-cache-entry-size; 0 B: the release's default"),
      quantity("refcount_cache", Unit::size, &T::refcount_cache,
               "refcount-cache-size; 0 B: the release's default"),
      quantity("cache_clean_interval", Unit::time, &T::cache_clean_interval,
               "after which unused tables leave memory; 0 s: never"),
      truth("zero_clusters", &T::zero_clusters,
            "what the image lies on zeroes ranges without writing them"),
      quantity("alignment", Unit::size, &T::alignment,
               "of requests to the file: 512 B or 4 KiB with O_DIRECT", Zero::refused),
      release_key(),
  };
  return section;
}

const Section<storage::throttle::Description>& throttle_keys() {
  using T = storage::throttle::Description;
  constexpr double kMost = 1e9;
  static const Section<T> section{
      quantity("total_bytes_sec", Unit::rate, &T::total_bytes_sec, "0 B/s: no limit"),
      quantity("read_bytes_sec", Unit::rate, &T::read_bytes_sec, "of reads"),
      quantity("write_bytes_sec", Unit::rate, &T::write_bytes_sec, "of writes"),
      real("total_iops_sec", &T::total_iops_sec, 0, kMost, "operations a second; 0: no limit"),
      real("read_iops_sec", &T::read_iops_sec, 0, kMost, "of reads"),
      real("write_iops_sec", &T::write_iops_sec, 0, kMost, "of writes"),
      quantity("total_bytes_sec_max", Unit::rate, &T::total_bytes_sec_max, "in bursts"),
      quantity("read_bytes_sec_max", Unit::rate, &T::read_bytes_sec_max, "in bursts of reads"),
      quantity("write_bytes_sec_max", Unit::rate, &T::write_bytes_sec_max, "in bursts of writes"),
      real("total_iops_sec_max", &T::total_iops_sec_max, 0, kMost, "in bursts"),
      real("read_iops_sec_max", &T::read_iops_sec_max, 0, kMost, "in bursts of reads"),
      real("write_iops_sec_max", &T::write_iops_sec_max, 0, kMost, "in bursts of writes"),
      quantity("total_bytes_sec_max_length", Unit::time, &T::total_bytes_sec_max_length,
               "how long a burst may last"),
      quantity("read_bytes_sec_max_length", Unit::time, &T::read_bytes_sec_max_length,
               "how long a burst of reads may last"),
      quantity("write_bytes_sec_max_length", Unit::time, &T::write_bytes_sec_max_length,
               "how long a burst of writes may last"),
      quantity("total_iops_sec_max_length", Unit::time, &T::total_iops_sec_max_length,
               "how long a burst may last"),
      quantity("read_iops_sec_max_length", Unit::time, &T::read_iops_sec_max_length,
               "how long a burst of reads may last"),
      quantity("write_iops_sec_max_length", Unit::time, &T::write_iops_sec_max_length,
               "how long a burst of writes may last"),
      quantity("size_iops_sec", Unit::size, &T::size_iops_sec,
               "a larger request counts as several; 0 B: each as one"),
      text("group_name", &T::group_name, "disks of one name share the limits; empty: its own"),
  };
  return section;
}

const Section<storage::cache::Description>& page_cache_keys() {
  using T = storage::cache::Description;
  using storage::cache::Mode;
  static const std::vector<Word<Mode>> modes{{"none", Mode::none},
                                             {"writethrough", Mode::writethrough},
                                             {"writeback", Mode::writeback},
                                             {"directsync", Mode::directsync},
                                             {"unsafe", Mode::unsafe}};
  static const Section<T> section{
      choice("mode", &T::mode, modes, "cache= of QEMU"),
      quantity("size", Unit::size, &T::size, "of the page cache", Zero::refused),
      real("dirty_background_ratio", &T::dirty_background_ratio, 0, 1,
           "share of dirty pages from which they are written back"),
      real("dirty_ratio", &T::dirty_ratio, 0, 1, "share of dirty pages that holds writers"),
      quantity("dirty_expire", Unit::time, &T::dirty_expire, "age at which pages are written back"),
      quantity("dirty_writeback", Unit::time, &T::dirty_writeback, "between two looks at ages",
               Zero::refused),
      quantity("read_ahead", Unit::size, &T::read_ahead, "at most, of sequential reads"),
      quantity("largest_write", Unit::size, &T::largest_write, "of write-back", Zero::refused),
      whole("writes_at_once", &T::writes_at_once, 1, 65536, "of write-back, under way"),
      quantity("copy_rate", Unit::rate, &T::copy_rate, "between the cache and the asking one",
               Zero::refused),
      quantity("read_call", Unit::time, &T::read_call, "of a read from it, beside the copy"),
      quantity("write_call", Unit::time, &T::write_call, "of a write into it, beside the copy"),
      quantity("page", Unit::time, &T::page, "of a page that is read into it, beside the copy"),
      real("warm", &T::warm, 0, 1, "share of the disk that is cached at first"),
  };
  return section;
}

const Section<storage::file_system::Description>& file_system_keys() {
  using T = storage::file_system::Description;
  using storage::file_system::Kind;
  static const std::vector<Word<Kind>> kinds{
      {"ext3", Kind::ext3}, {"ext4", Kind::ext4}, {"xfs", Kind::xfs}};
  static const Section<T> section{
      choice("kind", &T::kind, kinds, "of journal"),
      truth("barrier", &T::barrier, "flushes around commits; false: nobarrier"),
      quantity("commit", Unit::time, &T::commit, "between commits; 0 s: the kind's default"),
      quantity("journal", Unit::size, &T::journal, "of the journal", Zero::refused),
      real("journal_at", &T::journal_at, 0, 1, "where on the device the journal lies"),
      truth("allocated", &T::allocated, "files were written before, no write allocates"),
  };
  return section;
}

}  // namespace scenarios
