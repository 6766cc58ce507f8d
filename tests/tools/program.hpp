// Runs the built program as a user would, for end-to-end tests.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/temporary_folder.hpp"

namespace tests {

struct Outcome {
  int status = 0;  // exit status; 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

// The program under way; standard output and error go to files.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void send(int signal) const;
  std::string out() const { return read(folder_.path("out")); }  // so far
  Outcome wait();

 private:
  TemporaryFolder folder_;
  int pid_ = -1;
};

// Runs it to its end.
Outcome tenancy(const std::vector<std::string>& arguments);

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
