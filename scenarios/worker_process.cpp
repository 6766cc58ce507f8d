#include "scenarios/worker_process.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include <fmt/format.h>

#include "models/host.hpp"
#include "scenarios/run_json.hpp"
#include "sim/error.hpp"

namespace scenarios {
namespace {

// The first letter of the answer says what it is.
constexpr char kResults = 'r';
constexpr char kConfig = 'c';
constexpr char kMemory = 'm';
constexpr char kCancelled = 'x';
constexpr char kFailed = 'f';

std::string answer(const std::function<models::Results()>& simulate) {
  try {
    return kResults + to_json(simulate()).dump();
  } catch (const models::Cancelled&) {
    return {kCancelled};
  } catch (const std::bad_alloc&) {
    return {kMemory};
  } catch (const sim::ConfigError& why) {
    return kConfig + std::string{why.what()};
  } catch (const std::exception& why) {
    return kFailed + std::string{why.what()};
  } catch (...) {
    return {kFailed};
  }
}

bool write_all(int channel, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t now = write(channel, text.data() + sent, text.size() - sent);
    if (now < 0 && errno == EINTR) continue;
    if (now <= 0) return false;
    sent += static_cast<std::size_t>(now);
  }
  return true;
}

// Ends with a zero, not with the pipe: a child forked meanwhile may hold that open. A child that a
// signal to this process alone has not reached is told.
std::string read_answer(int channel, pid_t child, const std::atomic<bool>* cancel) {
  constexpr int kLook_ms = 100;
  std::string text;
  char buffer[65536];
  bool told = cancel == nullptr;
  for (;;) {
    if (!told && cancel->load(std::memory_order_relaxed)) {
      kill(child, SIGTERM);
      told = true;
    }
    pollfd ready{.fd = channel, .events = POLLIN, .revents = 0};
    if (!told && poll(&ready, 1, kLook_ms) <= 0) continue;  // time is up, or a signal came
    const ssize_t now = read(channel, buffer, sizeof buffer);
    if (now < 0 && errno == EINTR) continue;
    if (now <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(now));
    if (text.back() == '\0') {
      text.pop_back();
      return text;
    }
  }
}

}  // namespace

models::Results in_worker_process(const std::function<models::Results()>& simulate,
                                  const std::atomic<bool>* cancel) {
  int channel[2];
  if (pipe(channel) != 0)
    throw sim::ConfigError{fmt::format("no pipe for a worker process: {}", std::strerror(errno))};
  const pid_t child = fork();
  if (child < 0) {
    close(channel[0]);
    close(channel[1]);
    throw sim::ConfigError{fmt::format("no worker process: {}", std::strerror(errno))};
  }
  if (child == 0) {
    close(channel[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody is left to read the answer
    // Ctrl-C reaches the child, too, where SimGrid would end it: the parent tells it.
    sigset_t keyboard;
    sigemptyset(&keyboard);
    sigaddset(&keyboard, SIGINT);
    pthread_sigmask(SIG_BLOCK, &keyboard, nullptr);
    std::string text = answer(simulate);
    text.push_back('\0');
    _exit(write_all(channel[1], text) ? 0 : 1);
  }
  close(channel[1]);
  const std::string text = read_answer(channel[0], child, cancel);
  close(channel[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const char kind = text.empty() ? '\0' : text.front();
  const std::string rest = text.empty() ? "" : text.substr(1);
  switch (kind) {
    case kResults:
      return results_of(Json::parse(rest));
    case kConfig:
      throw sim::ConfigError{rest};
    case kMemory:
      throw std::bad_alloc{};
    case kCancelled:
      throw models::Cancelled{};
    case kFailed:
      throw sim::ModelError{rest};
    default:
      // A second signal ends the child before it can answer.
      if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) throw models::Cancelled{};
      throw sim::ModelError{fmt::format("a worker process ended with status {}", status)};
  }
}

}  // namespace scenarios
