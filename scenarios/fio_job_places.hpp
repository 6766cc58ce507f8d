// Where on the guest's disk what fio's jobs use lies.
//
// Regular files lie one after the other, each job's own unless a name is shared; a device is all of
// the disk. A per cent is of the files, as an earlier section or filesize has them, or of the disk.
//
// Source  fio(1): filename, nrfiles, filesize, size, offset, offset_increment, file_service_type.
// Checked tests/scenarios/fio_job_test.cpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/fio_job_file.hpp"
#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"

namespace scenarios {

// How much a job does of its files or device. Neither bytes nor share: all there is.
FioJob::Extent fio_extent(const FioJob& job, std::string_view option, Problems& problems);

class FioPlaces {
 public:
  explicit FioPlaces(Problems& problems) : problems_{problems} {}
  // As keys of its test; files that are new lie behind those of jobs before.
  void put(const FioJob& job, Node& test);

 private:
  void take_turns(const FioJob& job, std::int64_t files, Node& test);
  void place_on_device(const FioJob& job, std::int64_t files, Node& test);
  void place_in_files(const FioJob& job, const std::vector<std::string>& names, std::int64_t files,
                      Node& test);
  double known(const std::vector<std::string>& names) const;
  double lie(const FioJob& job, const std::vector<std::string>& names, double span_B);
  double lie(const FioJob& job, const std::string& name, double span_B);

  Problems& problems_;
  std::map<std::string, std::pair<double, double>, std::less<>>
      files_;         // offset, size; 0: the rest
  double end_B_ = 0;  // of the files so far
};

}  // namespace scenarios
