// ContextFinder: the contexts of one name (of a hash table: its ident, as statistics show it) and what each holds, read
// from a server that runs on. Only headers are read, so that it can be asked again and again; what does not fit
// together is left out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/walk/memory_source.h"
#include "trace/live/moment.h"

namespace palloscope::core {
struct VersionProfile;
}

namespace palloscope::trace {

struct FoundContext {
  core::Address at, counter;  // counter: of its mem_allocated
  std::uint64_t bytes = 0;
  friend bool operator==(const FoundContext&, const FoundContext&) = default;
};

class ContextFinder {
 public:
  ContextFinder(const core::MemorySource& memory, const ServerBuild& build, const ServerRoots& roots, std::string name);

  std::vector<FoundContext> find();  // those of that name, the largest first
  // Whether a context of that name is still there, and how large it is.
  bool look_again(FoundContext& context);

 private:
  struct Header;
  bool read_header(core::Address at, Header& header) const;
  bool has_name(const Header& header);
  bool is_text(core::Address at, std::string_view text) const;

  const core::MemorySource& memory_;
  const core::VersionProfile& profile_;
  core::Address top_variable_;
  std::string name_;
  enum class Name : std::uint8_t { Other, Wanted, HashTable };
  std::unordered_map<core::Address, Name> names_;  // of constants: each is compared once
};

}  // namespace palloscope::trace
