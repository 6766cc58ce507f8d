// A headless Chromium under test, driven through ChromeDriver by the WebDriver protocol.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/temporary_folder.hpp"

namespace tests {

class Browser {
 public:
  using Json = nlohmann::json;

  // `width` 0: a window of 1 100 pixels; else a phone of that width.
  explicit Browser(int width = 0) {
    start_driver();
    Json options{{"binary", "/usr/bin/chromium"},
                 {"args",
                  {"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                   "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                   "--window-size=1100,900", "--user-data-dir=" + folder_.path("profile")}}};
    if (width > 0)
      options["mobileEmulation"] = {
          {"deviceMetrics", {{"width", width}, {"height", 800}, {"pixelRatio", 1.0}}}};
    const Json session = post("/session", {{"capabilities",
                                            {{"alwaysMatch",
                                              {{"browserName", "chrome"},
                                               {"goog:loggingPrefs", {{"browser", "ALL"}}},
                                               {"goog:chromeOptions", options}}}}}});
    session_ = "/session/" + session.at("sessionId").get<std::string>();
  }
  ~Browser() {
    if (!session_.empty()) request("DELETE", session_, nullptr);
    end_driver();
  }
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  void open(const std::string& file) { post(session_ + "/url", {{"url", "file://" + file}}); }

  // The value of a script that returns one.
  Json run(const std::string& script) {
    return post(session_ + "/execute/sync", {{"script", script}, {"args", Json::array()}});
  }
  void prefer_dark() {
    const Json feature{{"name", "prefers-color-scheme"}, {"value", "dark"}};
    post(session_ + "/goog/cdp/execute",
         {{"cmd", "Emulation.setEmulatedMedia"}, {"params", {{"features", {feature}}}}});
  }
  // What the console says so far, errors and warnings.
  std::vector<std::string> complaints() {
    std::vector<std::string> all;
    for (const Json& entry : post(session_ + "/se/log", {{"type", "browser"}})) {
      const std::string level = entry.at("level");
      if (level == "SEVERE" || level == "WARNING") all.push_back(entry.at("message"));
    }
    return all;
  }

 private:
  // Now and then a driver finds the port taken that it has chosen, and ends: another one tries.
  void start_driver() {
    for (int attempt = 0; attempt < 5 && port_ == 0; ++attempt) try_driver(attempt);
    if (port_ == 0)
      throw std::runtime_error{"chromedriver did not start; install chromium and chromium-driver"};
  }

  void try_driver(int attempt) {
    const std::string log = folder_.path("driver" + std::to_string(attempt) + ".log");
    driver_ = fork();
    if (driver_ < 0) throw std::runtime_error{"fork failed"};
    if (driver_ == 0) {
      setpgid(0, 0);
      dup2(::open(log.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
      dup2(STDOUT_FILENO, STDERR_FILENO);
      execl("/usr/bin/chromedriver", "chromedriver", "--port=0", nullptr);
      _exit(127);
    }
    const std::string mark = "successfully on port ";
    for (int tries = 0; tries < 200; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
      const std::string text = read(log);
      const std::size_t at = text.find(mark);
      if (at != std::string::npos) {
        port_ = std::stoi(text.substr(at + mark.size()));
        return;
      }
      if (waitpid(driver_, nullptr, WNOHANG) == driver_) return;
    }
    end_driver();
  }

  // With all that it has started: a browser outlives its driver otherwise.
  void end_driver() const {
    kill(-driver_, SIGKILL);
    waitpid(driver_, nullptr, 0);
  }

  // By curl, which every system has; the body goes through a file.
  std::string request(const std::string& method, const std::string& path, const Json& body) const {
    folder_.write("request.json", body.dump());
    const std::string answer = folder_.path("answer.json");
    const std::string command = "curl -s --max-time 60 -X " + method +
                                " -H 'Content-Type: application/json' -d @" +
                                folder_.path("request.json") + " -o " + answer +
                                " http://127.0.0.1:" + std::to_string(port_) + path;
    if (std::system(command.c_str()) != 0)
      throw std::runtime_error{path + ": chromedriver does not answer"};
    return read(answer);
  }

  Json post(const std::string& path, const Json& body) const {
    Json value = Json::parse(request("POST", path, body)).at("value");
    if (value.is_object() && value.contains("error"))
      throw std::runtime_error{path + ": " + value.dump()};
    return value;
  }

  TemporaryFolder folder_;
  int driver_ = -1;
  int port_ = 0;
  std::string session_;
};

}  // namespace tests
