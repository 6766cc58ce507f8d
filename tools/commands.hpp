// The subcommands. Each adds itself to the command line and, when it is chosen, does its work and
// leaves the exit status; mistakes in the input are thrown as sim::ConfigError.
#pragma once

namespace CLI {
class App;
}

namespace tools {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongInput = 2;
inline constexpr int kInterrupted = 130;  // 128 + SIGINT, as shells have it

void add_run(CLI::App& app, int& status);
void add_explain(CLI::App& app, int& status);
void add_compare(CLI::App& app, int& status);
void add_calibrate(CLI::App& app, int& status);
void add_list(CLI::App& app, int& status);
void add_keys(CLI::App& app, int& status);
void add_validate(CLI::App& app, int& status);

}  // namespace tools
