#include "trace/live/moment.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/version/version_profile.h"
#include "core/walk/byte_window.h"
#include "core/walk/heap_walker.h"
#include "trace/live/read_server.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kMostStatementBytes = 64 << 10;

// No more than the copy can hold: what takes so many bytes at least in a process.
core::WalkLimits limits_for(std::uint64_t image_bytes) {
  core::WalkLimits limits;
  if (image_bytes == 0) return limits;
  const auto at_most = [&](std::size_t limit, std::uint64_t bytes_each) {
    return static_cast<std::size_t>(std::min<std::uint64_t>(limit, image_bytes / bytes_each + 1));
  };
  limits.contexts = at_most(limits.contexts, 80);
  limits.blocks = at_most(limits.blocks, 32);
  limits.chunks = at_most(limits.chunks, 8);
  return limits;
}

// The text that the pointer in this variable leads to; nothing if there is none.
std::string text_behind(const core::MemorySource& memory, core::Address variable) {
  core::ByteWindow window(memory);
  const core::StructView pointer = window.view(variable, 8);
  std::string text;
  if (!pointer) return text;
  core::Address at = pointer.pointer({0, 8});
  if (!at) return text;
  while (text.size() < kMostStatementBytes) {
    const core::StructView byte = window.view(at, 1, at + 256);
    if (!byte || byte.bytes[0] == 0) break;
    text.push_back(static_cast<char>(byte.bytes[0]));
    at = at + 1;
  }
  return text;
}

}  // namespace

core::Result<ServerMoment> read_moment(const Capture& capture, const MomentOptions& options) {
  const core::VersionProfile* profile = core::find_profile(capture.build.major, capture.build.checking);
  if (!profile)
    return core::Error{core::ErrorCode::Unsupported,
                       fmt::format("PostgreSQL {} is not known; 15 to 18 are", capture.build.major)};
  if (!capture.memory) return core::Error{core::ErrorCode::BadArgument, "the copy of the server holds no memory"};
  ServerMoment moment;
  moment.build = capture.build;
  moment.facts = capture.facts;
  moment.measure = capture.measure;
  const ServerRoots& roots = capture.roots;
  moment.heap = core::walk_heap(*capture.memory, *profile,
                                {roots.top_memory_context, roots.current_memory_context, roots.context_freelists, {}},
                                limits_for(capture.image_bytes));
  if (moment.heap.contexts.empty()) {
    const auto& findings = moment.heap.findings;
    return core::Error{core::ErrorCode::BadFormat,
                       fmt::format("no memory context is where TopMemoryContext points to{}",
                                   findings.empty() ? std::string(": nowhere, the server is still starting")
                                                    : ": " + findings.front().what)};
  }
  moment.recycled_known = static_cast<bool>(roots.context_freelists);
  if (options.statement && roots.debug_query_string)
    moment.statement = text_behind(*capture.memory, roots.debug_query_string);
  read_server(capture, options, moment);
  return moment;
}

}  // namespace palloscope::trace
