// Runs the built program as a user would, for end-to-end tests.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace tests {

struct Outcome {
  int status = 0;  // exit status; 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

// A folder that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const;
  std::size_t files() const;

 private:
  std::string path_;
};

std::string read(const std::string& path);

// The program under way; standard output and error go to files.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void send(int signal) const;
  Outcome wait();

 private:
  TemporaryFolder folder_;
  int pid_ = -1;
};

// Runs it to its end.
Outcome tenancy(const std::vector<std::string>& arguments);

inline TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "tenancy-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error{"mkdtemp failed"};
}

inline TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

inline std::string TemporaryFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream{path(name), std::ios::binary} << text;
  return path(name);
}

inline std::size_t TemporaryFolder::files() const {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{path_}, {}));
}

inline std::string read(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

inline Program::Program(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{TENANCY_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string out = folder_.path("out");
  const std::string err = folder_.path("err");
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error{"fork failed"};
  if (pid_ > 0) return;
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(open(out.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
  dup2(open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
  execv(argv[0], argv.data());
  _exit(127);
}

inline void Program::send(int signal) const {
  kill(pid_, signal);
}

inline Outcome Program::wait() {
  int state = 0;
  waitpid(pid_, &state, 0);
  const int status = WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
  return {status, read(folder_.path("out")), read(folder_.path("err"))};
}

inline Outcome tenancy(const std::vector<std::string>& arguments) {
  return Program{arguments}.wait();
}

}  // namespace tests
