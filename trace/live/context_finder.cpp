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
constexpr std::string_view kHashTable = "dynahash";

}  // namespace

struct ContextFinder::Header {
  core::Address first_child, next_child, name, ident;
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
  header = {view.pointer(layout.first_child), view.pointer(layout.next_child), view.pointer(layout.name),
            view.pointer(layout.ident), view.get(layout.mem_allocated)};
  return true;
}

bool ContextFinder::is_text(core::Address at, std::string_view text) const {
  std::vector<std::uint8_t> bytes(text.size() + 1);
  return at && memory_.read(at, bytes) && bytes.back() == 0 && std::equal(text.begin(), text.end(), bytes.begin());
}

bool ContextFinder::has_name(const Header& header) {
  const auto [known, is_new] = names_.emplace(header.name, Name::Other);
  if (is_new && is_text(header.name, name_)) known->second = Name::Wanted;
  if (is_new && is_text(header.name, kHashTable)) known->second = Name::HashTable;
  return known->second == Name::Wanted || (known->second == Name::HashTable && is_text(header.ident, name_));
}

bool ContextFinder::look_again(FoundContext& context) {
  Header header;
  if (!read_header(context.at, header) || !has_name(header)) return false;
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
    if (has_name(header)) found.push_back({at, at + profile_.context.mem_allocated.offset, header.bytes});
    waiting.push_back(header.next_child);
    waiting.push_back(header.first_child);
  }
  std::sort(found.begin(), found.end(), [](const FoundContext& a, const FoundContext& b) { return a.bytes > b.bytes; });
  return found;
}

}  // namespace palloscope::trace
