#include "validation/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "scenarios/expand.hpp"
#include "scenarios/library.hpp"
#include "scenarios/prediction.hpp"
#include "scenarios/read.hpp"
#include "scenarios/run.hpp"
#include "scenarios/select.hpp"
#include "scenarios/uncertain.hpp"
#include "sim/error.hpp"
#include "validation/case.hpp"
#include "validation/points.hpp"
#include "validation/prediction.hpp"

namespace validation {

namespace {

namespace fs = std::filesystem;

// One recorded value and the check that predicts it.
struct Target {
  const CalibrationPoint* point;
  const RecordedValue* recorded;
  const Check* check;
};

// A case that uses the preset, with no more sweep points than its targets need.
struct Experiment {
  const Case* of;
  scenarios::Study study;
  std::vector<Target> targets;
};

std::vector<TextFile> data_files(const CalibrateOptions& options) {
  if (options.data.empty()) return embedded_data();
  std::vector<TextFile> files;
  for (const std::string& path : options.data) {
    const auto text = scenarios::file_text(path);
    if (!text) throw sim::ConfigError{fmt::format("{}: cannot read this file of data", path)};
    files.push_back({path, *text});
  }
  return files;
}

std::vector<TextFile> case_files(const CalibrateOptions& options) {
  if (options.cases.empty()) return embedded_cases();
  std::vector<TextFile> all;
  for (const std::string& folder : options.cases) {
    std::vector<TextFile> some = read_folder(folder);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

// The file by which parameters of the preset name it; of a path, the one that means the same file.
class PresetIdentity {
 public:
  explicit PresetIdentity(const std::string& preset) {
    if (preset.ends_with(".toml")) {
      std::error_code error;
      path_ = fs::weakly_canonical(preset, error);
      if (error || !fs::exists(path_))
        throw sim::ConfigError{fmt::format("{}: cannot read this preset file", preset)};
      return;
    }
    std::vector<std::string_view> names;
    for (const scenarios::Preset& known : scenarios::embedded_presets()) {
      if (known.kind == "studies") continue;
      names.push_back(known.name);
      if (known.name == preset) embedded_ = fmt::format("scenarios/{}/{}.toml", known.kind, preset);
    }
    if (!embedded_.empty()) return;
    throw sim::ConfigError{
        fmt::format("no preset \"{}\"{}; `tenancy list` shows them, a path must end in .toml",
                    preset, scenarios::did_you_mean(preset, names))};
  }

  bool is(const std::string& file) const {
    if (!embedded_.empty()) return file == embedded_;
    std::error_code error;
    return fs::weakly_canonical(file, error) == path_;
  }

 private:
  std::string embedded_;
  fs::path path_;
};

std::optional<Target> target_of(const Check& check, const std::vector<CalibrationPoint>& points) {
  for (const CalibrationPoint& point : points) {
    if (point.id() != check.point) continue;
    for (const RecordedValue& value : point.values()) {
      const bool only = check.value.empty() && point.values().size() == 1;
      if (only || value.name == check.value) return Target{&point, &value, &check};
    }
  }
  return std::nullopt;
}

// Drops the sweep points that no target and no baseline needs.
void thin(Experiment& experiment) {
  scenarios::Study& study = experiment.study;
  std::set<std::size_t> needed;
  const auto need = [&](const MetricAt& metric) {
    if (const auto point = find_point(study, metric.at)) needed.insert(*point);
  };
  for (const Target& target : experiment.targets) {
    if (target.check->best) return;  // of all of them
    need(target.check->predicted);
    if (target.check->relative_to) need(*target.check->relative_to);
  }
  scenarios::keep_points(study, std::move(needed));
}

std::vector<Experiment> experiments(const std::vector<Case>& cases,
                                    const std::vector<CalibrationPoint>& points,
                                    const PresetIdentity& preset) {
  std::vector<Experiment> all;
  for (const Case& of : cases) {
    Experiment experiment{&of, {}, {}};
    for (const Check& check : of.checks) {
      if (const auto target = target_of(check, points)) experiment.targets.push_back(*target);
    }
    if (experiment.targets.empty()) continue;
    experiment.study =
        scenarios::read_text(of.file.text, of.file.name, {{}, {"check", "values"}, {}});
    const auto& uncertain = experiment.study.uncertain;
    const bool uses = std::any_of(uncertain.begin(), uncertain.end(),
                                  [&](const auto& p) { return preset.is(p.file); });
    if (uses) all.push_back(std::move(experiment));
  }
  return all;
}

std::string last_keys(const scenarios::UncertainParameter& parameter) {
  return parameter.key.substr(parameter.key.find('.') + 1);
}

bool chosen(const scenarios::UncertainParameter& parameter, const CalibrateOptions& options) {
  const auto& keys = options.keys;
  return keys.empty() || std::find(keys.begin(), keys.end(), last_keys(parameter)) != keys.end();
}

std::vector<scenarios::UncertainParameter> parameters_of(const std::vector<Experiment>& all,
                                                         const PresetIdentity& preset,
                                                         const CalibrateOptions& options) {
  std::vector<scenarios::UncertainParameter> parameters;
  std::set<std::string> known;
  for (const Experiment& experiment : all) {
    for (const auto& parameter : experiment.study.uncertain) {
      if (!preset.is(parameter.file) || !parameter.low || !parameter.high) continue;
      if (known.insert(parameter.key).second && chosen(parameter, options))
        parameters.push_back(parameter);
    }
  }
  for (const std::string& key : options.keys) {
    const bool found = std::any_of(parameters.begin(), parameters.end(),
                                   [&](const auto& p) { return last_keys(p) == key; });
    if (!found)
      throw sim::ConfigError{
          fmt::format("--key {}: {} has no [[uncertain]] entry of this key with low and high", key,
                      options.preset)};
  }
  if (parameters.empty())
    throw sim::ConfigError{
        fmt::format("{}: no [[uncertain]] entry with low and high, so there is nothing to fit",
                    options.preset)};
  return parameters;
}

// Runs every experiment at theta: predictions [value][replication], in the recorded units.
class Simulation {
 public:
  Simulation(std::vector<Experiment>& all,
             const std::vector<scenarios::UncertainParameter>& parameters,
             const CalibrateOptions& options)
      : all_{all}, parameters_{parameters}, options_{options} {}

  Eigen::MatrixXd operator()(const Eigen::VectorXd& theta) {
    std::vector<std::vector<double>> rows;
    for (Experiment& experiment : all_) {
      scenarios::Study study = scenarios::read_again(experiment.study, assumed(theta));
      study.settings.replications = options_.replications;
      Experiment moved{experiment.of, std::move(study), experiment.targets};
      thin(moved);
      scenarios::RunOptions run;
      run.jobs = options_.jobs;
      run.cancel = options_.cancel;
      const scenarios::StudyResults results = scenarios::run(moved.study, run);
      if (results.interrupted) throw Interrupted{};
      for (const Target& target : moved.targets)
        rows.push_back(predict(*target.check, *moved.of, moved.study, results).samples);
    }
    if (options_.progress) options_.progress(++evaluations_);
    Eigen::MatrixXd all(static_cast<Eigen::Index>(rows.size()), options_.replications);
    for (Eigen::Index v = 0; v < all.rows(); ++v) {
      for (Eigen::Index r = 0; r < all.cols(); ++r)
        all(v, r) = rows[static_cast<std::size_t>(v)].at(static_cast<std::size_t>(r));
    }
    return all;
  }

 private:
  std::vector<scenarios::Assumption> assumed(const Eigen::VectorXd& theta) const {
    std::vector<scenarios::Assumption> list;
    for (std::size_t j = 0; j < parameters_.size(); ++j)
      list.push_back(
          {parameters_[j].file, parameters_[j].key, theta[static_cast<Eigen::Index>(j)]});
    return list;
  }

  std::vector<Experiment>& all_;
  const std::vector<scenarios::UncertainParameter>& parameters_;
  const CalibrateOptions& options_;
  int evaluations_ = 0;
};

// A fit tries all of a range, so that scenarios must take its ends: no negative share.
void check_ranges(const std::vector<Experiment>& all,
                  const std::vector<scenarios::UncertainParameter>& parameters) {
  for (const scenarios::UncertainParameter& parameter : parameters) {
    for (const auto& [name, bound] :
         {std::pair{"low", *parameter.low}, {"high", *parameter.high}}) {
      try {
        for (const Experiment& experiment : all)
          scenarios::read_again(experiment.study, {{parameter.file, parameter.key, bound}});
      } catch (const sim::ConfigError& mistake) {
        throw sim::ConfigError{fmt::format("{}: {} = {} is out of what there can be: {}",
                                           parameter.key, name, scenarios::text(parameter, bound),
                                           mistake.what())};
      }
    }
  }
}

Eigen::VectorXd values_of(const std::vector<scenarios::UncertainParameter>& parameters) {
  Eigen::VectorXd theta(static_cast<Eigen::Index>(parameters.size()));
  for (std::size_t j = 0; j < parameters.size(); ++j)
    theta[static_cast<Eigen::Index>(j)] = parameters[j].value;
  return theta;
}

// Standard error of each recorded value together with that of the simulated mean.
Eigen::VectorXd errors(const std::vector<CalibratedValue>& values, const Eigen::MatrixXd& simulated,
                       double relative) {
  Eigen::VectorXd all(simulated.rows());
  const auto n = static_cast<double>(simulated.cols());
  for (Eigen::Index v = 0; v < all.size(); ++v) {
    const CalibratedValue& value = values[static_cast<std::size_t>(v)];
    const double size = std::max(std::abs(value.recorded), 1e-6 * std::abs(value.before));
    double noise = 0.0;
    if (n > 1)
      noise = (simulated.row(v).array() - simulated.row(v).mean()).matrix().norm() /
              std::sqrt(n * (n - 1.0));
    all[v] = std::hypot(relative * (size > 0.0 ? size : 1.0), noise);
  }
  return all;
}

std::vector<CalibratedValue> recorded_values(const std::vector<Experiment>& all) {
  std::vector<CalibratedValue> values;
  for (const Experiment& experiment : all) {
    for (const Target& target : experiment.targets)
      values.push_back({target.point->id(), target.recorded->name, target.point->unit(),
                        target.recorded->value, 0.0, 0.0});
  }
  return values;
}

std::vector<CalibrationPoint> recorded_points(const std::vector<TextFile>& files) {
  std::vector<CalibrationPoint> points = calibration_points(files);
  if (points.empty())
    throw sim::ConfigError{
        "the data hold no point of role = \"calibrate\", and `validate` points are not read; give "
        "the points to fit to that role"};
  return points;
}

}  // namespace

Calibration calibrate(const CalibrateOptions& options) {
  const PresetIdentity preset{options.preset};
  const std::vector<TextFile> data = data_files(options);
  const std::vector<CalibrationPoint> points = recorded_points(data);
  const CaseLibrary library = read_cases(case_files(options));
  std::vector<Experiment> all = experiments(library.cases, points, preset);
  if (all.empty())
    throw sim::ConfigError{fmt::format(
        "no case predicts a `calibrate` point from the preset \"{}\" and its uncertain numbers; "
        "needs a case with a [[check]] (tenancy calibrate --cases DIR)",
        options.preset)};

  Calibration result;
  result.parameters = parameters_of(all, preset, options);
  check_ranges(all, result.parameters);
  result.preset_file = result.parameters.front().file;
  result.replications = options.replications;
  result.error = options.error;
  result.values = recorded_values(all);
  for (const TextFile& file : data) {
    const std::vector<CalibrationPoint> own = calibration_points({file});
    const bool used = std::any_of(own.begin(), own.end(), [&](const CalibrationPoint& point) {
      return std::any_of(result.values.begin(), result.values.end(),
                         [&](const CalibratedValue& v) { return v.point == point.id(); });
    });
    if (used) result.data.push_back(file.name);
  }

  Simulation simulate{all, result.parameters, options};
  const Eigen::MatrixXd before = simulate(values_of(result.parameters));
  for (std::size_t v = 0; v < result.values.size(); ++v)
    result.values[v].before = before.row(static_cast<Eigen::Index>(v)).mean();
  const Eigen::VectorXd error = errors(result.values, before, options.error);
  const auto residuals = [&](const Eigen::VectorXd& theta) {
    Eigen::MatrixXd predicted = simulate(theta);
    for (Eigen::Index v = 0; v < predicted.rows(); ++v)
      predicted.row(v) =
          (predicted.row(v).array() - result.values[static_cast<std::size_t>(v)].recorded) /
          error[v];
    return predicted;
  };
  std::vector<Bounded> bounded;
  for (const auto& parameter : result.parameters)
    bounded.push_back({parameter.key, parameter.value, *parameter.low, *parameter.high});
  result.fit = fit(residuals, bounded);
  for (std::size_t v = 0; v < result.values.size(); ++v) {
    const auto i = static_cast<Eigen::Index>(v);
    result.values[v].after = result.values[v].recorded + result.fit.residuals[i] * error[i];
  }
  return result;
}

}  // namespace validation
