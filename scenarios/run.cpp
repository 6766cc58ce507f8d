#include "scenarios/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "scenarios/combine.hpp"
#include "scenarios/journal.hpp"
#include "scenarios/plan.hpp"
#include "scenarios/sweep.hpp"
#include "scenarios/worker_process.hpp"
#include "sim/error.hpp"

namespace scenarios {

namespace {

// Replication r of seed s, by the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
std::uint64_t replication_seed(std::uint64_t seed, std::size_t replication) {
  std::uint64_t z = seed + (replication + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// How long a run may take against others of the study: vCPUs times simulated time.
double expected_cost(const Variant& variant) {
  double vcpus = 0.0;
  for (const auto& vm : variant.scenario.host.vms)
    vcpus += static_cast<double>(vm.count) * vm.vcpus;
  return vcpus * (sim::seconds(variant.length.duration) + sim::seconds(variant.length.warmup));
}

struct Task {
  std::size_t variant;
  std::size_t replication;
};

// Replication by replication, so that an interrupted study has something of every point; longest
// first within one, so that no long run is left for the end.
std::vector<Task> in_order(const Plan& plan, std::size_t replications) {
  std::vector<std::size_t> order;
  for (std::size_t v = 0; v < plan.variants.size(); ++v) order.push_back(v);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return expected_cost(plan.variants[a]) > expected_cost(plan.variants[b]);
  });
  std::vector<Task> tasks;
  for (std::size_t r = 0; r < replications; ++r) {
    for (const std::size_t v : order) tasks.push_back({v, r});
  }
  return tasks;
}

// Works through the tasks on several threads. A failure stops the others before their next task.
class Pool {
 public:
  // Replications from `first` on.
  Pool(const Plan& plan, std::size_t first, std::size_t replications, const RunOptions& options,
       const Model& model)
      : plan_{plan},
        first_{first},
        options_{options},
        model_{model},
        tasks_{in_order(plan, replications)},
        results_(plan.variants.size(), Replications(replications)) {
    if (!options.journal.empty()) journal_ = std::make_unique<Journal>(options.journal);
  }

  std::vector<Replications> run() {
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t wanted = options_.jobs > 0 ? static_cast<std::size_t>(options_.jobs) : cores;
    {
      std::vector<std::jthread> helpers;
      try {
        while (helpers.size() + 1 < std::min(wanted, tasks_.size()))
          helpers.emplace_back([this] { work(); });
      } catch (const std::system_error&) {
        // The system gives no more threads: those there are do the work.
      }
      work();
    }
    if (error_) std::rethrow_exception(error_);
    return std::move(results_);
  }

 private:
  bool cancelled() const {
    return options_.cancel != nullptr && options_.cancel->load(std::memory_order_relaxed);
  }

  void work() {
    for (std::size_t i = next_++; i < tasks_.size() && !failed_ && !cancelled(); i = next_++) {
      try {
        do_task(tasks_[i]);
      } catch (const models::Cancelled&) {
        return;
      } catch (...) {
        keep_error(i);
      }
    }
  }

  // Of several failures the one that a single thread would have met first is reported.
  void keep_error(std::size_t task) {
    const std::lock_guard lock{mutex_};
    failed_ = true;
    if (error_ && failed_task_ < task) return;
    failed_task_ = task;
    error_ = std::current_exception();
  }

  void do_task(const Task& task) {
    const Variant& variant = plan_.variants[task.variant];
    models::SimulateOptions options;
    options.seed = replication_seed(variant.scenario.study.seed, first_ + task.replication);
    options.check = options_.check;
    options.cancel = options_.cancel;
    std::string key;
    if (journal_) {
      key = run_key(variant.run_text, options.seed, options.check);
      const std::lock_guard lock{mutex_};
      if (const models::Results* known = journal_->find(key)) {
        finish(task, *known);
        return;
      }
    }
    models::Results results = simulate(variant, options);
    const std::lock_guard lock{mutex_};
    if (journal_) journal_->append(key, results);
    finish(task, std::move(results));
  }

  models::Results simulate(const Variant& variant, const models::SimulateOptions& options) {
    const auto too_large = [&] {
      return sim::ConfigError{fmt::format(
          "{}: not enough memory for this host; needs fewer VMs, or fewer jobs", variant.where)};
    };
    try {
      if (!variant.scenario.host.leaves_the_box())
        return model_.simulate(variant.scenario.host, variant.length, options);
      return in_worker_process(
          [&] { return model_.simulate(variant.scenario.host, variant.length, options); },
          options.cancel);
    } catch (const std::bad_alloc&) {
      throw too_large();
    } catch (const std::length_error&) {
      throw too_large();
    } catch (const sim::ConfigError& why) {
      throw sim::ConfigError{fmt::format("{}: {}", variant.where, why.what())};
    }
  }

  // Called with the mutex held.
  void finish(const Task& task, models::Results results) {
    results_[task.variant][task.replication] = std::move(results);
    ++done_;
    if (options_.progress) options_.progress({done_, tasks_.size()});
  }

  const Plan& plan_;
  std::size_t first_;
  const RunOptions& options_;
  const Model& model_;
  std::vector<Task> tasks_;
  std::vector<Replications> results_;  // [variant][replication]
  std::unique_ptr<Journal> journal_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;  // guards all below, results_ and journal_
  std::size_t done_ = 0;
  std::size_t failed_task_ = 0;
  std::exception_ptr error_;
};

bool all_finished(const Replications& replications) {
  return std::all_of(replications.begin(), replications.end(),
                     [](const auto& results) { return results.has_value(); });
}

bool any_finished(const Replications& replications) {
  return std::any_of(replications.begin(), replications.end(),
                     [](const auto& results) { return results.has_value(); });
}

// Broken invariants of runs that are no point of the study.
std::vector<std::string> violations_alone(const Variant& variant, const Replications& runs) {
  std::vector<std::string> all;
  for (const auto& run : runs) {
    if (!run) continue;
    for (const std::string& violation : run->violations)
      all.push_back(fmt::format("{}: {}", variant.where, violation));
  }
  return all;
}

StudyResults combine_all(const Study& study, const Plan& plan,
                         const std::vector<Replications>& runs) {
  StudyResults results;
  for (const Replications& replications : runs) {
    results.interrupted |= !all_finished(replications);
    for (const auto& run : replications) results.events += run ? run->events : 0;
  }
  for (std::size_t i = 0; i < study.points.size(); ++i) {
    if (!any_finished(runs[i])) continue;
    Against against{
        {}, study.baseline.empty() ? nullptr : &runs[study.baseline[i]], study.relative};
    for (const std::size_t variant : plan.base[i])
      against.classes.push_back(variant == kNoBaseline ? nullptr : &runs[variant]);
    results.points.push_back(combine(study.points[i], runs[i], against, study.settings.confidence));
  }
  for (std::size_t v = study.points.size(); v < runs.size() && !results.points.empty(); ++v) {
    const std::vector<std::string> broken = violations_alone(plan.variants[v], runs[v]);
    auto& all = results.points.front().violations;
    all.insert(all.end(), broken.begin(), broken.end());
  }
  return results;
}

}  // namespace

std::string_view program_version() {
  return TENANCY_VERSION;
}

StudyResults run(const Study& study, const Plan& plan, const RunOptions& options,
                 const Model& model) {
  Pool pool{plan, study.first_replication, static_cast<std::size_t>(study.settings.replications),
            options, model};
  return combine_all(study, plan, pool.run());
}

StudyResults run(const Study& study, const RunOptions& options, const Model& model) {
  return run(study, make_plan(study, options, model), options, model);
}

StudyResults run(const Study& study, const RunOptions& options) {
  return run(study, options, Model{});
}

}  // namespace scenarios
