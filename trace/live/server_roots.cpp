#include "trace/live/server_roots.h"

#include <elf.h>
#include <fmt/format.h>

#include <array>
#include <cctype>

#include "core/walk/byte_window.h"
#include "core/walk/layout_probe.h"

namespace palloscope::trace {
namespace {

using core::Address;
using core::Error;
using core::ErrorCode;

constexpr std::uint64_t kMostText = std::uint64_t{1} << 28;

struct RootRow {
  std::string_view symbol;
  Address ServerRoots::*root;
};
constexpr RootRow kRoots[] = {
    {"TopMemoryContext", &ServerRoots::top_memory_context},
    {"CurrentMemoryContext", &ServerRoots::current_memory_context},
    {"context_freelists", &ServerRoots::context_freelists},  // static: stripped servers do not tell
    {"NBuffers", &ServerRoots::n_buffers},
    {"BufferDescriptors", &ServerRoots::buffer_descriptors},
    {"BufferBlocks", &ServerRoots::buffer_blocks},
    {"debug_query_string", &ServerRoots::debug_query_string},
    {"InterruptHoldoffCount", &ServerRoots::interrupt_holdoff_count},
    {"CritSectionCount", &ServerRoots::crit_section_count},
    {"MyProcPid", &ServerRoots::my_proc_pid},
};

template <std::size_t bytes>
std::uint64_t value_at(const core::MemorySource& memory, Address variable) {
  std::array<std::uint8_t, bytes> raw{};
  if (!variable || !memory.read(variable, raw)) return 0;
  return core::little_endian(raw.data(), raw.size());
}

}  // namespace

std::optional<std::uint64_t> load_bias(const ElfImage& executable, std::span<const Mapping> maps) {
  for (const Mapping& mapping : maps)
    if (mapping.file_offset == 0 && mapping.device == executable.device() && mapping.inode == executable.inode())
      return mapping.begin.value - executable.lowest_load_address();
  return std::nullopt;
}

core::Result<ServerRoots> find_roots(const ElfImage& executable, std::uint64_t bias, std::string_view name) {
  std::array<std::string_view, std::size(kRoots)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kRoots[i].symbol;
  const std::vector<std::uint64_t> found = executable.find_symbols(names);
  ServerRoots roots;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (found[i] != 0) roots.*kRoots[i].root = Address{found[i] + bias};
  if (!roots.top_memory_context)
    return Error{ErrorCode::Unsupported,
                 fmt::format("{} is no PostgreSQL server (it has no variable TopMemoryContext)", name)};
  return roots;
}

core::Result<ServerBuild> identify_server(const core::MemorySource& memory, const ServerRoots& roots) {
  const Address top = pointer_at(memory, roots.top_memory_context);
  if (!top) return Error{ErrorCode::NotFound, "it has no memory contexts (yet): is it still starting?"};
  const auto layout = core::probe_layout(memory, top);
  if (!layout) return layout.error();
  ServerBuild build;
  build.major = layout->major;
  build.checking = layout->checking;
  return build;
}

std::string version_text(const ElfImage& executable, int major) {
  const std::string wanted = fmt::format("PostgreSQL {}", major);
  for (const ElfSegment& segment : executable.segments()) {
    if (segment.type != PT_LOAD || (segment.flags & PF_W) != 0 || segment.file_bytes > kMostText) continue;
    std::string text(segment.file_bytes, '\0');
    if (!executable.read(segment.file_offset, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()})) continue;
    for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) {
      const std::size_t begin = at + wanted.size() - 2;  // of the version's number: majors here have two digits
      const std::size_t end = text.find_first_of(std::string_view(" ,)\0", 4), begin);
      const std::string version = text.substr(begin, end - begin);
      // "18.4", "19beta1": what else begins so in a server's texts is longer.
      if (version.size() > 2 && version.size() < 16 && (version[2] == '.' || std::islower(version[2]) != 0))
        return version;
    }
  }
  return "";
}

Address pointer_at(const core::MemorySource& memory, Address variable) { return {value_at<8>(memory, variable)}; }

std::uint32_t number_at(const core::MemorySource& memory, Address variable) {
  return static_cast<std::uint32_t>(value_at<4>(memory, variable));
}

}  // namespace palloscope::trace
