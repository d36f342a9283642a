#include "trace/live/read_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "core/shmem/shared_memory.h"
#include "core/version/buffer_profile.h"
#include "core/walk/byte_window.h"
#include "trace/live/malloc_walk.h"

namespace palloscope::trace {
namespace {

using core::Address;

class ServerWalk {
 public:
  ServerWalk(const Capture& capture, ServerMoment& moment)
      : capture_(capture), moment_(moment), profile_(core::find_buffer_profile(capture.build.major)) {}

  void walk(const MomentOptions& options) {
    if (profile_ == nullptr || !capture_.roots.buffer_descriptors) return;
    descriptors_ = {variable(capture_.roots.buffer_descriptors, 8)};
    if (!descriptors_) return problem("the server has no shared buffers yet");
    find_segment();
    if (options.shmem || options.buffers) walk_segment();
    if (options.buffers) walk_buffers();
    if (!options.shmem) moment_.shmem.reset();
  }

 private:
  void problem(std::string words) { moment_.problems.push_back(std::move(words)); }

  // 0 if it cannot be read.
  std::uint64_t variable(Address at, std::size_t width) const {
    std::array<std::uint8_t, 8> bytes{};
    if (!at || !capture_.memory->read(at, std::span(bytes).first(width))) return 0;
    return core::little_endian(bytes.data(), width);
  }

  // The mapping that holds the descriptors. The kernel may show it in pieces, and a core does not tell which neighbours
  // belong together: the first of them has the segment's header.
  void find_segment() {
    const auto& maps = capture_.maps;
    const auto holds = [&](const Mapping& map) { return map.begin <= descriptors_ && descriptors_ < map.end; };
    const auto found = std::find_if(maps.begin(), maps.end(), holds);
    if (found == maps.end()) return;
    const auto belongs = [](const Mapping& left, const Mapping& right) {
      return left.end == right.begin && left.name == right.name && left.write == right.write;
    };
    auto first = found, last = found;
    while (!is_header(first->begin) && first != maps.begin() && belongs(first[-1], *first)) --first;
    while (last + 1 != maps.end() && belongs(*last, last[1])) ++last;
    segment_ = is_header(first->begin) ? first->begin : found->begin;
    segment_end_ = last->end;
  }

  bool is_header(Address at) const {
    const core::ShmemHeaderLayout header;
    return variable(at + header.magic.offset, header.magic.width) == header.magic_value;
  }

  void walk_segment() {
    if (!segment_) return problem("shared memory is not in the copy");
    auto walked = core::walk_shmem(*capture_.memory, segment_, profile_->hash);
    if (!walked) return problem(fmt::format("shared memory: {}", walked.error().message));
    if (!walked->has_index) return problem("shared memory has no index yet");
    moment_.shmem = std::move(*walked);
    moment_.shmem_at = segment_;
  }

  Address find(std::string_view name) const {
    if (!moment_.shmem) return {};
    for (const core::WalkedStructure& structure : moment_.shmem->structures)
      if (structure.name == name) return segment_ + structure.offset;
    return {};
  }

  void walk_buffers() {
    const std::uint64_t buffers = variable(capture_.roots.n_buffers, 4);
    if (buffers == 0) return problem("the number of shared buffers cannot be read");
    if (segment_ && buffers > (segment_end_ - descriptors_) / profile_->descriptor.stride)
      return problem(
          fmt::format("NBuffers is {}, for which the shared memory behind BufferDescriptors is too small", buffers));
    // Without the lookup table: it says where a page is, which the descriptors say too.
    core::WalkedPool pool =
        core::walk_buffer_pool(*capture_.memory, *profile_,
                               {descriptors_, static_cast<std::uint32_t>(buffers), find("Buffer Strategy Status"), {}});
    if (pool.buffers.size() < buffers)
      return problem(pool.findings.empty() ? "the shared buffers cannot be read"
                                           : "shared buffers: " + pool.findings[0]);
    if (!pool.findings.empty())
      problem(fmt::format("shared buffers, which other processes use meanwhile: {}{}", pool.findings[0],
                          pool.findings.size() > 1 ? fmt::format(" ({} more like it)", pool.findings.size() - 1) : ""));
    moment_.pool = std::move(pool);
  }

  const Capture& capture_;
  ServerMoment& moment_;
  const core::BufferProfile* profile_;
  Address descriptors_, segment_, segment_end_;
};

}  // namespace

void read_server(const Capture& capture, const MomentOptions& options, ServerMoment& moment) {
  if (!capture.memory) return;
  ServerWalk(capture, moment).walk(options);
  if (moment.measure.malloc_used != 0) return;  // a snapshot file says it
  const MallocSums sums = walk_malloc(*capture.memory, capture.maps);
  moment.measure.malloc_used = sums.used;
  moment.measure.malloc_free = sums.free;
  moment.measure.malloc_overhead = sums.overhead;
}

}  // namespace palloscope::trace
