#include "scenarios/storage_keys.hpp"

#include "scenarios/array_keys.hpp"
#include "scenarios/device_keys.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/image_keys.hpp"

namespace scenarios {
namespace {

namespace queue = models::storage::queue;
namespace image = models::storage::image;

const Section<queue::QueueConfig>& queue_keys() {
  using T = queue::QueueConfig;
  static const std::vector<Word<queue::Scheduler>> schedulers{
      {"noop", queue::Scheduler::noop},
      {"deadline", queue::Scheduler::deadline},
      {"anticipatory", queue::Scheduler::anticipatory},
      {"cfq", queue::Scheduler::cfq},
      {"bfq", queue::Scheduler::bfq}};
  static const Section<T> section{
      choice("scheduler", &T::scheduler, schedulers, "I/O scheduler; deadline: mq-deadline too"),
      whole("depth", &T::depth, 1, 65536, "requests at the device at once"),
      whole("nr_requests", &T::nr_requests, 1, 65536, "that wait for it"),
      quantity("max_size", Unit::size, &T::max_size, "of a merged request", Zero::refused),
  };
  return section;
}

template <class T>
Field<T> names(std::string_view name, std::vector<std::string> T::*member,
               std::string_view meaning) {
  return {name,
          "array of names",
          meaning,
          [=](T& object, const Node& node, const std::string& path, Problems& problems) {
            const char* need = "names such as [\"sda\", \"sdb\"]";
            if (node.array() == nullptr) return expect(problems, node, path, need);
            (object.*member).clear();
            for (const Node& element : *node.array()) {
              if (element.text() == nullptr) return expect(problems, element, path, need);
              (object.*member).push_back(*element.text());
            }
          },
          [=](const T& object) { return (object.*member).empty() ? Json{} : Json(object.*member); },
          {}};
}

const Section<models::HostDisk>& host_disk_keys() {
  using T = models::HostDisk;
  static const Section<T> section{
      text("name", &T::name, "what arrays and guests' disks call it"),
      whole("count", &T::count, 1, 4096, "alike disks: name0, name1 and so on"),
      preset_or_table("device", &T::device, &device_keys, "what it is (`tenancy list devices`)"),
      table("queue", &T::queue, &queue_keys, "the host's queue in front of it"),
      text("on", &T::on,
           "a storage server's \"<server>.<disk, array or volume>\": a unit there in place of the "
           "device; empty: none"),
      quantity("size", Unit::size, &T::size, "of that unit"),
      text("slot", &T::slot, "of host.pcie that the drive sits in itself (NVMe); empty: none"),
      whole("lanes", &T::lanes, 1, 16, "of a drive in a slot"),
      whole("generation", &T::generation, 1, 5, "of PCI Express of a drive in a slot"),
      text("card", &T::card,
           "[[host.pcie.card]] that it hangs on: a host bus adapter; empty: none"),
  };
  return section;
}

const Section<models::HostArray>& host_array_keys() {
  using T = models::HostArray;
  static const Section<T> section = [] {
    Section<T> all{text("name", &T::name, "what guests' disks call it"),
                   names("disks", &T::disks, "of the host; the last `spares` of them wait")};
    append_part(all, array_keys(), &T::raid);
    all.push_back(text("card", &T::card,
                       "[[host.pcie.card]] that its controller (`hardware`) is; empty: none"));
    return all;
  }();
  return section;
}

const Section<models::HostVolume>& host_volume_keys() {
  using T = models::HostVolume;
  static const Section<T> section = [] {
    Section<T> all{text("name", &T::name, "what guests' disks call it"),
                   names("on", &T::on, "disks and arrays")};
    append_part(all, volume_keys(), &T::volume);
    return all;
  }();
  return section;
}

// A word that became a table, as other keys of it were set, is that of its most telling key.
Node with_key(Node node, std::string_view key) {
  Entry* use = find(node, "use");
  if (use == nullptr) return node;
  if (find(node, key) == nullptr) {
    use->key = key;
  } else {
    std::erase_if(*node.table(), [](const Entry& entry) { return entry.key == "use"; });
  }
  return node;
}

// Where nothing is said: raw has no holes, qcow2 grows.
image::Preallocation usual(image::Format format) {
  return format == image::Format::raw ? image::Preallocation::full : image::Preallocation::off;
}

Field<models::DiskDescription> image_key() {
  using T = models::DiskDescription;
  static const std::vector<Word<image::Format>> formats{{"raw", image::Format::raw},
                                                        {"qcow2", image::Format::qcow2}};
  return {
      "image",
      "one of " + words_of(formats) + ", or a table",
      "its image; raw: a file without holes (unless `preallocation` says otherwise), or the device "
      "itself; containers have none",
      [](T& disk, const Node& node, const std::string& path, Problems& problems) {
        if (node.table() != nullptr) {
          const Node table = with_key(node, "format");
          read_table(image_keys(), disk.image, table, path, problems);
          if (find(table, "format") != nullptr && find(table, "preallocation") == nullptr)
            disk.image.preallocation = usual(disk.image.format);
          return;
        }
        const auto* word = read_word(formats, node, path, problems);
        if (word == nullptr) return;
        disk.image.format = word->value;
        disk.image.preallocation = usual(word->value);
      },
      [](const T& disk) { return write_table(image_keys(), disk.image); },
      [](const T& standard, const std::string& path, std::vector<KeyInfo>& into) {
        list_keys(image_keys(), standard.image, path, into);
      }};
}

// A table whose most telling key may be given alone, as a word.
template <class Inner>
Field<models::DiskDescription> word_or_table(std::string_view name,
                                             Inner models::DiskDescription::*member,
                                             std::string_view key,
                                             const Section<Inner>& (*section)(),
                                             std::string_view meaning) {
  using T = models::DiskDescription;
  std::string words;
  for (const Field<Inner>& field : section()) {
    if (field.name == key) words = field.type;
  }
  return {name,
          fmt::format("{} (its `{}`), or a table", words, key),
          meaning,
          [=](T& disk, const Node& node, const std::string& path, Problems& problems) {
            if (node.text() == nullptr) {
              read_table(section(), disk.*member, with_key(node, key), path, problems);
              return;
            }
            for (const Field<Inner>& field : section()) {
              if (field.name == key) field.read(disk.*member, node, path, problems);
            }
          },
          [=](const T& disk) { return write_table(section(), disk.*member); },
          [=](const T& standard, const std::string& path, std::vector<KeyInfo>& into) {
            list_keys(section(), standard.*member, path, into);
          }};
}

Field<models::DiskDescription> file_system_key() {
  using T = models::DiskDescription;
  Field<T> field =
      word_or_table("file_system", &T::file_system, "kind", &file_system_keys,
                    "the guest's, for jobs that do not ask for O_DIRECT; without it they write to "
                    "the disk as it is");
  const auto read = field.read;
  field.read = [read](T& disk, const Node& node, const std::string& path, Problems& problems) {
    disk.formatted = true;
    read(disk, node, path, problems);
  };
  field.write = [](const T& disk) {
    return disk.formatted ? write_table(file_system_keys(), disk.file_system) : Json{};
  };
  return field;
}

}  // namespace

const Section<models::StorageDescription>& storage_keys() {
  using T = models::StorageDescription;
  static const Section<T> section{
      tables("disk", &T::disks, &host_disk_keys, "disks of the host"),
      tables("array", &T::arrays, &host_array_keys, "disks made one by RAID"),
      tables("volume", &T::volumes, &host_volume_keys, "logical volumes (LVM)"),
  };
  return section;
}

const Section<models::DiskDescription>& disk_keys() {
  using T = models::DiskDescription;
  static const std::vector<Word<models::DiskBus>> buses{
      {"virtio-blk", models::DiskBus::virtio_blk},
      {"virtio-scsi", models::DiskBus::virtio_scsi},
      {"sata", models::DiskBus::sata},
      {"ide", models::DiskBus::ide}};
  static const std::vector<Word<models::Aio>> aios{{"native", models::Aio::native},
                                                   {"threads", models::Aio::threads},
                                                   {"io_uring", models::Aio::io_uring}};
  static const Section<T> section{
      text("on", &T::on,
           "disk, array or volume of the host, or \"<server>.<one of its>\", that it lies on"),
      quantity("size", Unit::size, &T::size, "that the guest sees; 0 B: its share of that"),
      image_key(),
      text("backing", &T::backing,
           "disk, array or volume of the host with the image's backing file, fully written, of the "
           "same size and clusters; empty: none"),
      word_or_table("cache", &T::cache, "mode", &page_cache_keys, "the host's page cache"),
      table("iotune", &T::iotune, &throttle_keys, "limits, as libvirt's <iotune>"),
      file_system_key(),
      table("guest_cache", &T::guest_cache, &page_cache_keys, "the guest's page cache"),
      table("queue", &T::queue, &queue_keys,
            "the guest's own I/O scheduler in front of it; noop: requests go as they come"),
      choice("bus", &T::bus, buses, "of the guest's disk"),
      choice("aio", &T::aio, aios,
             "how the VMM submits; with the host's page cache threads do in any case"),
      truth("iothread", &T::iothread, "an event loop of its own"),
  };
  return section;
}

}  // namespace scenarios
