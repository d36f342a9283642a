// Where a server's variables are and which PostgreSQL it is: the same for a live process and for a core of one.
#pragma once

#include <span>
#include <string_view>

#include "core/base/result.h"
#include "core/walk/memory_source.h"
#include "trace/live/elf_image.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

// What is added to the addresses in the file to get those in the process; no such mapping: the file is not mapped
// there.
std::optional<std::uint64_t> load_bias(const ElfImage& executable, std::span<const Mapping> maps);

// By the executable's symbols; not found: null. An error if not even TopMemoryContext is there.
core::Result<ServerRoots> find_roots(const ElfImage& executable, std::uint64_t bias, std::string_view name);

// Follows top_memory_context to its context and tells major and build by it.
// Errors: NotFound: no contexts (yet); Unsupported: another version, or none; BadFormat: perhaps caught in between.
core::Result<ServerBuild> identify_server(const core::MemorySource& memory, const ServerRoots& roots);

// "15.20", as the executable calls itself; empty: it does not.
std::string version_text(const ElfImage& executable, int major);

// The pointer, or the number of 4 bytes, that a variable holds; 0 if it cannot be read.
core::Address pointer_at(const core::MemorySource& memory, core::Address variable);
std::uint32_t number_at(const core::MemorySource& memory, core::Address variable);

}  // namespace palloscope::trace
