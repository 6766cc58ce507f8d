#include "scenarios/image_keys.hpp"

#include <catch2/catch.hpp>

using namespace scenarios;

namespace {

template <class T>
std::string written_back(const Section<T>& section) {
  return write_table(section, T{}).dump();
}

}  // namespace

TEST_CASE("keys of images and limits say the defaults of QEMU and libvirt") {
  const auto image = written_back(image_keys());
  CHECK(image.find("\"cluster\":\"64 KiB\"") != std::string::npos);
  CHECK(image.find("\"qemu\":\"7.2\"") != std::string::npos);
  CHECK(image.find("\"cache_clean_interval\":\"600 s\"") != std::string::npos);
  const auto limits = written_back(throttle_keys());
  CHECK(limits.find("\"total_iops_sec_max_length\":\"1 s\"") != std::string::npos);
  CHECK(written_back(page_cache_keys()).find("\"mode\":\"writeback\"") != std::string::npos);
  CHECK(written_back(file_system_keys()).find("\"kind\":\"ext4\"") != std::string::npos);
}

TEST_CASE("a release of QEMU is read from text and refused otherwise") {
  models::storage::image::Description image;
  Problems problems;
  const Node good{{}, std::string{"2.12"}};
  for (const auto& field : image_keys()) {
    if (field.name == "qemu") field.read(image, good, "image.qemu", problems);
  }
  CHECK(image.release == models::storage::image::Release{2, 12});
  const Node bad{{}, std::string{"new"}};
  for (const auto& field : image_keys()) {
    if (field.name == "qemu") field.read(image, bad, "image.qemu", problems);
  }
  CHECK(image.release == models::storage::image::Release{2, 12});
  CHECK(!problems.empty());
}
