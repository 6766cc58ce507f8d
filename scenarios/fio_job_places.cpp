#include "scenarios/fio_job_places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "scenarios/fio_job_io.hpp"

namespace scenarios {
namespace {

// The file or device that all of a job's clones use; null: each has its own.
const FioOption* shared_file(const FioJob& job) {
  if (const FioOption* filename = job.find("filename")) return filename;
  const FioOption* format = job.find("filename_format");
  const bool own = format == nullptr || format->value.find("$jobnum") != std::string::npos ||
                   format->value.find("$clientuid") != std::string::npos;
  return own ? nullptr : format;
}

// "a:b" are two, "a\\:b" is one.
std::vector<std::string> file_names(std::string_view names) {
  std::vector<std::string> all{""};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == '\\' && names.substr(i + 1, 1) == ":") {
      all.back() += names[++i];
    } else if (names[i] == ':') {
      all.emplace_back();
    } else {
      all.back() += names[i];
    }
  }
  return all;
}

std::vector<std::string> file_names(const FioJob& job) {
  const FioOption* shared = shared_file(job);
  if (shared == nullptr) return {fmt::format("[{}]", job.name())};
  return file_names(shared->value);
}

bool is_device(const std::string& name) {
  return name.starts_with("/dev/");
}

}  // namespace

FioJob::Extent fio_extent(const FioJob& job, std::string_view option, Problems& problems) {
  const FioJob::Extent said = job.extent(option, problems);
  return said.share < 1 ? said : FioJob::Extent{};
}

// Begins on the disk where the file does, a new one behind those before it.
double FioPlaces::lie(const FioJob& job, const std::string& name, double span_B) {
  const Location& at = job.at(job.find("filename") ? "filename" : "size");
  const auto [file, fresh] = files_.try_emplace(name, end_B_, span_B);
  const double known_B = file->second.second;
  if (fresh && end_B_ < 0)
    problems_.add(at, fmt::format("[{}]: a file behind one of fill_device, which has all of the "
                                  "disk; put its section first",
                                  job.name()));
  if (fresh) end_B_ = span_B > 0 && end_B_ >= 0 ? end_B_ + span_B : -1.0;
  if (known_B > 0 && span_B > known_B)
    problems_.add(at, fmt::format("[{}]: {} is larger here than where it stood first; give the "
                                  "largest size first",
                                  job.name(), name));
  return file->second.first;
}

// Those of one list lie together, in its order.
double FioPlaces::lie(const FioJob& job, const std::vector<std::string>& names, double span_B) {
  const double each_B = span_B / static_cast<double>(names.size());
  const double begin_B = lie(job, names.front(), each_B);
  double end_B = begin_B;
  for (const std::string& name : names) {
    if (lie(job, name, each_B) != end_B)
      refuse(*job.find("filename"), "filename", "files that an earlier section names together",
             problems_);
    end_B += files_.find(name)->second.second;
  }
  return begin_B;
}

// In bytes, of files that stand in earlier sections; 0: not all do.
double FioPlaces::known(const std::vector<std::string>& names) const {
  double all_B = 0.0;
  for (const std::string& name : names) {
    const auto file = files_.find(name);
    if (file == files_.end()) return 0.0;
    all_B += file->second.second;
  }
  return all_B;
}

// Where on the disk the job's files lie.
void FioPlaces::put(const FioJob& job, Node& test) {
  const std::vector<std::string> names = file_names(job);
  const auto files = names.size() > 1 ? static_cast<std::int64_t>(names.size())
                                      : job.whole("nrfiles", 1, problems_);
  const FioOption* filename = shared_file(job);
  const Location& at = job.at(filename != nullptr ? "filename" : "size");
  scenarios::put(test, job.at("numjobs"), "jobs", job.whole("numjobs", 1, problems_));
  scenarios::put(test, at, "parts", std::string{filename != nullptr ? "shared" : "own"});
  take_turns(job, files, test);
  static const std::set<std::string_view> kNoDisk{"/dev/null", "/dev/zero", "/dev/full"};
  const bool disk = std::none_of(names.begin(), names.end(), [](const std::string& name) {
    return kNoDisk.contains(name) || name.starts_with("/dev/shm/");
  });
  if (!disk || job.text("directory", "").starts_with("/dev/shm")) {
    problems_.add(job.at(filename != nullptr ? "filename" : "directory"),
                  fmt::format("[{}]: no disk; need a file or disk of the guest", job.name()));
  } else if (std::none_of(names.begin(), names.end(), &is_device)) {
    place_in_files(job, names, files, test);
  } else if (names.size() == 1) {
    place_on_device(job, files, test);
  } else {
    refuse(*filename, "filename", "one device, as jobs take the guest's disks in turn", problems_);
  }
}

// At random a file is as likely as another however they are chosen.
void FioPlaces::take_turns(const FioJob& job, std::int64_t files, Node& test) {
  scenarios::put(test, job.at("nrfiles"), "files", files);
  const std::string service = job.text("file_service_type", "roundrobin");
  const bool random = job.text("rw", "read").starts_with("rand");
  if (files == 1 || service == "sequential") return;
  if (service != "roundrobin" && !(random && service == "random"))
    return refuse(*job.find("file_service_type"), "file_service_type",
                  "roundrobin or sequential; random where rw is, too", problems_);
  if (!random) scenarios::put(test, job.at("file_service_type"), "files_in_turn", true);
}

void FioPlaces::place_on_device(const FioJob& job, std::int64_t files, Node& test) {
  const auto put_extent = [&](std::string_view option, const std::string& key,
                              FioJob::Extent extent) {
    put_bytes(test, job.at(option), key, extent.bytes);
    if (extent.share > 0) scenarios::put(test, job.at(option), key + "_share", extent.share);
  };
  const double files_B =
      job.bytes("filesize", problems_).value_or(0.0) * static_cast<double>(files);
  put_extent("offset", "offset", job.extent("offset", problems_));
  put_extent("offset_increment", "increment", job.extent("offset_increment", problems_));
  put_extent("size", "span",
             files_B > 0 ? FioJob::Extent{files_B} : fio_extent(job, "size", problems_));
}

void FioPlaces::place_in_files(const FioJob& job, const std::vector<std::string>& names,
                               std::int64_t files, Node& test) {
  const bool shared = shared_file(job) != nullptr;
  const FioJob::Extent asked = fio_extent(job, "size", problems_),
                       offset = job.extent("offset", problems_),
                       increment = job.extent("offset_increment", problems_);
  const double files_B =
      job.bytes("filesize", problems_).value_or(0.0) * static_cast<double>(files);
  const double all_B = files_B > 0 ? files_B : known(names);
  const Location& at = job.at(shared ? "filename" : "size");
  if (all_B <= 0 && std::max({asked.share, offset.share, increment.share}) > 0)
    return problems_.add(at, fmt::format("[{}]: a per cent of which size? need filesize=, or a "
                                         "section before it that says the file's size",
                                         job.name()));
  const bool fresh = std::none_of(names.begin(), names.end(), [this](const std::string& name) {
    return files_.contains(name);
  });
  double own_B = asked.share <= 0 && files_B > 0 ? files_B : asked.of(all_B);
  if (own_B <= 0) own_B = all_B;
  if (own_B <= 0 && fresh && !job.truth("fill_device", false))
    return problems_.add(at, fmt::format("[{}]: need size=, e.g. size=1g", job.name()));
  const double offset_B = offset.of(all_B), increment_B = increment.of(all_B);
  if (!shared && increment_B > 0)
    return refuse(*job.find("offset_increment"), "offset_increment", "a filename that jobs share",
                  problems_);
  const auto clones = static_cast<double>(job.whole("numjobs", 1, problems_));
  const double span_B = !shared           ? own_B * clones
                        : increment_B > 0 ? offset_B + increment_B * (clones - 1) + own_B
                                          : own_B;
  const double known_B = shared ? known(names) : 0.0;
  const bool within = own_B <= known_B || asked.share > 0;
  const double whole_B = asked.share <= 0 ? known_B : shared ? all_B : all_B * clones;
  put_bytes(test, at, "offset", lie(job, names, within ? whole_B : span_B) + offset_B);
  if (increment_B > 0) put_bytes(test, job.at("offset_increment"), "increment", increment_B);
  if (own_B <= 0) return;
  const bool from_offset = shared && (increment_B > 0 || asked.share > 0);
  const double used_B = from_offset ? own_B : std::max(0.0, span_B - offset_B);
  put_bytes(test, at, "span", within ? std::min(used_B, whole_B - offset_B) : used_B);
}

}  // namespace scenarios
