#include "trace/live/live_server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <random>
#include <thread>

#include "core/base/counted.h"
#include "trace/live/access.h"
#include "trace/live/c_stack.h"
#include "trace/live/elf_image.h"
#include "trace/live/holder.h"
#include "trace/live/memory_copy.h"
#include "trace/live/proc_files.h"
#include "trace/live/server_roots.h"

namespace palloscope::trace {
namespace {

using core::Error;
using core::ErrorCode;
using Clock = std::chrono::steady_clock;

constexpr auto kProc = "/proc";
constexpr int kIdentifyTries = 40;   // while it runs on, and may be caught in between
constexpr int kPrepareTries = 4;     // while it grows from one look to the next
constexpr double kFirstGuess = 3.0;  // bytes copied in a nanosecond, before anything was measured
constexpr std::uint64_t kMostPayload = std::uint64_t{1} << 30;

std::string now_utc() {
  const auto now = std::chrono::system_clock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms % 1000);
}

std::uint64_t nanoseconds_since(Clock::time_point begin) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(Clock::now() - begin).count());
}

// "/usr/lib/postgresql/15/bin/postgres", also where an upgrade has replaced the file meanwhile.
std::string executable_name(const std::filesystem::path& folder) {
  std::string name = read_link(folder / "exe");
  constexpr std::string_view kReplaced = " (deleted)";
  if (name.ends_with(kReplaced)) name.erase(name.size() - kReplaced.size());
  return name;
}

int directory_major(const std::filesystem::path& folder) {
  const auto text = read_proc_file(folder / "cwd" / "PG_VERSION", 16);
  return text ? std::atoi(text->c_str()) : 0;
}

}  // namespace

struct LiveServer::State {
  std::uint32_t pid = 0;
  std::uint64_t started = 0;
  std::filesystem::path folder;
  ServerBuild build;
  ServerRoots roots;
  std::unique_ptr<MemoryCopy> copy;
  std::optional<Holder> holder;
  std::optional<Registers> registers;  // when it stood last
  double bytes_per_ns = kFirstGuess;
  std::mt19937 random{std::random_device{}()};

  core::Status identify();
  core::Status may_stop(const CaptureOptions& options) const;
  core::Status stop(const CaptureOptions& options);
  core::Result<std::uint64_t> copy_once(const CaptureOptions& options, bool& fits);
  Capture finish(const CaptureOptions& options, std::uint64_t pause_ns, Clock::time_point began);
};

LiveServer::LiveServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
LiveServer::~LiveServer() = default;
LiveServer::LiveServer(LiveServer&&) noexcept = default;
LiveServer& LiveServer::operator=(LiveServer&&) noexcept = default;

std::uint32_t LiveServer::pid() const { return state_->pid; }
const ServerBuild& LiveServer::build() const { return state_->build; }
const ServerRoots& LiveServer::roots() const { return state_->roots; }

bool LiveServer::is_gone() const {
  const auto status = read_status(kProc, state_->pid);
  return !status || status->state == 'Z' || status->state == 'X' || start_ticks(kProc, state_->pid) != state_->started;
}

core::Status LiveServer::State::identify() {
  const auto image = ElfImage::open(folder / "exe");
  if (!image) return Error{image.error().code, fmt::format("PID {}: {}", pid, image.error().message)};
  const std::string name = executable_name(folder);
  const auto maps = parse_maps(read_proc_file(folder / "maps").value_or(""));
  const auto bias = load_bias(*image, maps);
  if (!bias)
    return Error{ErrorCode::Unsupported, fmt::format("PID {}: its executable {} is not mapped in it", pid, name)};
  const auto found = find_roots(*image, *bias, name);
  if (!found) {
    const std::uint32_t outer = pid_of_inner(kProc, pid);
    return Error{found.error().code,
                 fmt::format("PID {}: {}{}", pid, found.error().message,
                             outer == 0 ? "; palloscope backends lists servers"
                                        : fmt::format("; a process calls itself {} in its container: it is PID {} here",
                                                      pid, outer))};
  }
  roots = *found;

  const ProcessMemory memory(pid);
  auto identified = identify_server(memory, roots);
  for (int i = 1; i < kIdentifyTries && !identified && identified.error().code != ErrorCode::Unsupported; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(i));
    identified = identify_server(memory, roots);
  }
  if (!identified)
    return Error{identified.error().code, fmt::format("PID {} ({}): {}", pid, name, identified.error().message)};
  build = *identified;
  build.executable = name;
  build.build_id = image->build_id();
  build.version = version_text(*image, build.major);
  build.data_directory = read_link(folder / "cwd");
  if (const int told = directory_major(folder); told != 0 && told != build.major)
    return Error{ErrorCode::Unsupported,
                 fmt::format("PID {}: its contexts are those of PostgreSQL {}, but its data directory {} says {}: an "
                             "unknown build is not looked into",
                             pid, build.major, build.data_directory, told)};
  return core::Done{};
}

core::Result<LiveServer> LiveServer::attach(std::uint32_t pid) {
  if (const std::string refused = why_refused(gather_access(pid, kProc)); !refused.empty())
    return Error{ErrorCode::Unsupported, refused};
  auto state = std::make_unique<State>();
  state->pid = pid;
  state->started = start_ticks(kProc, pid);
  state->folder = std::filesystem::path(kProc) / std::to_string(pid);
  if (const auto status = state->identify(); !status) return status.error();
  state->copy = std::make_unique<MemoryCopy>(pid, state->folder.string());
  return LiveServer(std::move(state));
}

// What would stand in the way of a stop, or make it too long.
core::Status LiveServer::State::may_stop(const CaptureOptions& options) const {
  AccessFacts facts;
  facts.pid = pid;
  // Another Palloscope lets it go in a moment.
  constexpr int kLooks = 20;
  for (int i = 0; i < kLooks; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const auto status = read_status(kProc, pid);
    facts.tracer = status ? status->tracer : 0;
    if (facts.tracer == 0) break;
  }
  if (const auto tracer = read_status(kProc, facts.tracer); facts.tracer != 0 && tracer)
    facts.tracer_name = tracer->name;
  if (const std::string refused = why_not_stopped(facts); !refused.empty())
    return Error{ErrorCode::Unsupported, refused};
  const double expected_ms = static_cast<double>(copy->expected_bytes()) / bytes_per_ns / 1e6;
  if (expected_ms <= static_cast<double>(options.pause_limit.count())) return core::Done{};
  return Error{
      ErrorCode::Unsupported,
      fmt::format("PID {} has {} MB of memory of its own, and would stand for about {:.0f} ms while they are "
                  "copied; allowed are {}: --pause-limit {:.0f} allows it, --no-stop reads while it runs",
                  pid, copy->expected_bytes() >> 20, expected_ms, options.pause_limit.count(), expected_ms * 4 + 10)};
}

core::Status LiveServer::State::stop(const CaptureOptions& options) {
  if (!holder) {
    auto started_now = Holder::start(pid);
    if (!started_now) return started_now.error();
    holder = std::move(*started_now);
  }
  const auto stopped = holder->stop(options.pause_limit);
  if (!stopped) {
    holder.reset();
    return stopped.error();
  }
  if (stopped->stopped) {
    registers = stopped->registers;
    return core::Done{};
  }
  if (stopped->fault == ESRCH) return Error{ErrorCode::NotFound, fmt::format("PID {} has ended", pid)};
  if (stopped->fault == ETIMEDOUT)
    return Error{
        ErrorCode::Cancelled,
        fmt::format("PID {} did not stop within {} ms (it waits in the kernel, for a disk perhaps): try again, "
                    "or use --no-stop",
                    pid, options.pause_limit.count())};
  return Error{ErrorCode::Unsupported, fmt::format("PID {} can be read, but not stopped ({}): use --no-stop", pid,
                                                   std::strerror(stopped->fault))};
}

// The pause's length; `fits` is false if the process had grown beyond what was prepared.
core::Result<std::uint64_t> LiveServer::State::copy_once(const CaptureOptions& options, bool& fits) {
  if (options.stop)
    if (const auto status = stop(options); !status) return status.error();
  const Clock::time_point began = Clock::now();
  fits = copy->copy();
  const std::uint64_t copying_ns = nanoseconds_since(began);
  std::uint64_t pause_ns = 0;
  if (options.stop) {
    const auto released = holder->release();
    if (!released) {
      holder.reset();
      return released.error();
    }
    if (released->gone) return Error{ErrorCode::NotFound, fmt::format("PID {} ended while it was looked at", pid)};
    if (released->by_limit) {
      bytes_per_ns =
          std::min(bytes_per_ns, static_cast<double>(copy->expected_bytes()) / static_cast<double>(copying_ns));
      return Error{ErrorCode::Cancelled,
                   fmt::format("PID {} was let go after {} ms, before its {} MB were copied: allow more by "
                               "--pause-limit, or use --no-stop",
                               pid, options.pause_limit.count(), copy->expected_bytes() >> 20)};
    }
    pause_ns = static_cast<std::uint64_t>(released->held.count());
  }
  // Small copies tell nothing of how fast large ones are.
  if (fits && copy->copied_bytes() > (std::uint64_t{64} << 20))
    bytes_per_ns = static_cast<double>(copy->copied_bytes()) / static_cast<double>(copying_ns);
  return pause_ns;
}

Capture LiveServer::State::finish(const CaptureOptions& options, std::uint64_t pause_ns, Clock::time_point began) {
  Capture capture;
  capture.build = build;
  capture.roots = roots;
  capture.maps = copy->maps();
  capture.image_bytes = copy->image_bytes();
  capture.memory = copy->take();
  CaptureFacts& facts = capture.facts;
  facts.pid = pid;
  facts.title = read_title(kProc, pid);
  facts.time = now_utc();
  facts.stopped = options.stop;
  facts.payload = options.payload;
  facts.pause_ns = pause_ns;
  facts.copied_bytes = copy->copied_bytes();
  facts.interrupt_holdoff = number_at(*capture.memory, roots.interrupt_holdoff_count);
  facts.crit_section = number_at(*capture.memory, roots.crit_section_count);
  if (const auto status = read_status(kProc, pid)) {
    capture.measure.rss_anon = status->rss_anon;
    capture.measure.rss_file = status->rss_file;
    capture.measure.rss_shmem = status->rss_shmem;
  }
  capture.measure.pause_ns = pause_ns;
  capture.measure.copied_bytes = facts.copied_bytes;
  capture.measure.tries = 1;
  capture.measure.stopped = options.stop;
  facts.total_ns = nanoseconds_since(began);
  return capture;
}

core::Result<Capture> LiveServer::capture(const CaptureOptions& options) {
  const Clock::time_point began = Clock::now();
  if (is_gone()) return Error{ErrorCode::NotFound, fmt::format("PID {} has ended", state_->pid)};
  for (int i = 0; i < kPrepareTries; ++i) {
    if (const auto status = state_->copy->prepare(); !status) return status.error();
    if (options.stop)
      if (const auto status = state_->may_stop(options); !status) return status.error();
    bool fits = false;
    const auto pause_ns = state_->copy_once(options, fits);
    if (!pause_ns) return pause_ns.error();
    if (fits) return state_->finish(options, *pause_ns, began);
  }
  return Error{ErrorCode::Cancelled,
               fmt::format("PID {} grows faster than room for a copy of it can be made: try again", state_->pid)};
}

core::Result<LiveServer::Taken> LiveServer::take(const CaptureOptions& options, const MomentOptions& moment_options) {
  const Clock::time_point began = Clock::now();
  const int most = options.stop ? std::max(options.most_tries, 1) : 1;
  std::optional<Taken> taken;
  for (int attempt = 1; attempt <= most; ++attempt) {
    if (attempt > 1)
      std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution(200, 2000)(state_->random)));
    taken.reset();  // gives its pages back for the next copy
    auto capture = this->capture(options);
    if (!capture) return capture.error();
    auto moment = read_moment(*capture, moment_options);
    if (!moment && attempt == most) return moment.error();
    if (!moment) continue;
    taken.emplace(Taken{std::move(*capture), std::move(*moment)});
    const core::WalkedHeap& heap = taken->moment.heap;
    const bool torn = !heap.findings.empty();
    CaptureFacts& facts = taken->capture.facts;
    facts.torn = torn;
    facts.tries = static_cast<std::uint32_t>(attempt);
    facts.total_ns = nanoseconds_since(began);
    taken->moment.facts = facts;
    for (core::ProcessReported* measure : {&taken->capture.measure, &taken->moment.measure}) {
      measure->torn = torn;
      measure->tries = facts.tries;
    }
    if (!torn) break;
  }
  if (!taken) return Error{ErrorCode::BadFormat, fmt::format("PID {}: nothing could be read", state_->pid)};
  return std::move(*taken);
}

core::Result<ServerMoment> LiveServer::moment(const CaptureOptions& options, const MomentOptions& moment_options) {
  auto taken = take(options, moment_options);
  if (!taken) return taken.error();
  return std::move(taken->moment);
}

core::Result<std::vector<CFrame>> LiveServer::c_stack_of(const Capture& capture) const {
  if (!capture.facts.stopped || !state_->registers)
    return Error{ErrorCode::Unsupported, "a C stack can only be told of a process that was stopped"};
  return c_stack(*state_->registers, *capture.memory, capture.maps, state_->pid);
}

core::Result<std::vector<std::uint8_t>> LiveServer::read_now(core::Address at, std::size_t bytes) const {
  if (bytes > kMostPayload)
    return Error{ErrorCode::BadArgument, fmt::format("{} bytes are more than are read at once", bytes)};
  if (is_gone()) return Error{ErrorCode::NotFound, fmt::format("PID {} has ended", state_->pid)};
  std::vector<std::uint8_t> content(bytes);
  if (!ProcessMemory(state_->pid).read(at, content))
    return Error{ErrorCode::Io, fmt::format("PID {}: {} at {:#x} cannot be read: not there any more", state_->pid,
                                            core::counted(bytes, "byte"), at.value)};
  return content;
}

}  // namespace palloscope::trace
