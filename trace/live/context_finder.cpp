#include "trace/live/context_finder.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "core/base/check.h"
#include "core/version/version_profile.h"
#include "core/walk/byte_window.h"
#include "trace/live/server_roots.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kMostContexts = 200'000;

}  // namespace

struct ContextFinder::Header {
  core::Address parent, first_child, next_child, name;
  std::uint64_t bytes = 0;
};

ContextFinder::ContextFinder(const core::MemorySource& memory, const ServerBuild& build, const ServerRoots& roots,
                             std::string name)
    : memory_(memory),
      profile_(*core::find_profile(build.major, build.checking)),
      top_variable_(roots.top_memory_context),
      name_(std::move(name)) {}

bool ContextFinder::read_header(core::Address at, Header& header) const {
  std::array<std::uint8_t, 128> bytes{};
  const core::MemoryContextLayout& layout = profile_.context;
  if (!memory_.read(at, std::span(bytes).first(layout.bytes))) return false;
  const core::StructView view{bytes.data()};
  const auto tag = static_cast<std::uint32_t>(view.get(layout.type));
  if (tag == 0 || std::find(profile_.node_tags.begin(), profile_.node_tags.end(), tag) == profile_.node_tags.end())
    return false;
  header = {view.pointer(layout.parent), view.pointer(layout.first_child), view.pointer(layout.next_child),
            view.pointer(layout.name), view.get(layout.mem_allocated)};
  return true;
}

bool ContextFinder::has_name(core::Address name) {
  const auto known = names_.find(name);
  if (known != names_.end()) return known->second;
  std::vector<std::uint8_t> text(name_.size() + 1);
  if (!name || !memory_.read(name, text)) return false;
  const bool same = text.back() == 0 && std::equal(name_.begin(), name_.end(), text.begin());
  names_.emplace(name, same);
  return same;
}

bool ContextFinder::look_again(FoundContext& context) {
  Header header;
  if (!read_header(context.at, header) || !has_name(header.name)) return false;
  context.bytes = header.bytes;
  return true;
}

std::vector<FoundContext> ContextFinder::find() {
  std::vector<FoundContext> found;
  std::unordered_set<core::Address> seen;
  std::vector<core::Address> waiting{pointer_at(memory_, top_variable_)};
  while (!waiting.empty() && seen.size() < kMostContexts) {
    const core::Address at = waiting.back();
    waiting.pop_back();
    Header header;
    if (!at || !seen.insert(at).second || !read_header(at, header)) continue;
    if (has_name(header.name)) found.push_back({at, at + profile_.context.mem_allocated.offset, header.bytes});
    waiting.push_back(header.next_child);
    waiting.push_back(header.first_child);
  }
  std::sort(found.begin(), found.end(), [](const FoundContext& a, const FoundContext& b) { return a.bytes > b.bytes; });
  return found;
}

}  // namespace palloscope::trace
