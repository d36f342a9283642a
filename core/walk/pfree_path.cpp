#include "core/walk/pfree_path.h"

#include <array>
#include <optional>

#include "core/allocators/alloc_set.h"
#include "core/allocators/chunk_header.h"
#include "core/mcxt/errors.h"
#include "core/walk/byte_window.h"

namespace palloscope::core {
namespace {

constexpr int kMostRedirects = 16;
constexpr int kMostListed = 10'000;
constexpr std::uint64_t kInvalidAllocSize = ~std::uint64_t{0};

// Thrown where the path ends early; never leaves this file.
struct Stop {};

class Walk {
 public:
  Walk(const MemorySource& memory, const VersionProfile& profile, Address pointer, bool whole)
      : memory_(memory), profile_(profile), whole_(whole) {
    path_.pointer = path_.raw = pointer;
  }

  PfreePath run() {
    try {
      find_allocator();
      switch (path_.allocator) {
        case ContextKind::AllocSet:
          alloc_set();
          break;
        case ContextKind::Generation:
          generation();
          break;
        case ContextKind::Slab:
          slab();
          break;
        case ContextKind::Bump:
          error("pfree is not supported by the bump memory allocator");
        case ContextKind::Unknown:
          break;
      }
    } catch (const Stop&) {
    }
    return std::move(path_);
  }

 private:
  std::uint64_t load(Address at, Field field) {
    std::array<std::uint8_t, 8> bytes{};
    const Address from = at + field.offset;
    if (!memory_.read(from, std::span(bytes).first(field.width))) {
      path_.stopped_at = from;
      path_.end = whole_ ? PfreeEnd::Crash : PfreeEnd::NotRecorded;
      if (whole_) path_.text = "SIGSEGV: nothing is mapped at 0x" + hex_text(from.value);
      throw Stop{};
    }
    return little_endian(bytes.data(), field.width);
  }
  std::uint64_t load(Address at) { return load(at, Field{0, 8}); }
  Address pointer(Address at, Field field) { return {load(at, field)}; }

  [[noreturn]] void error(std::string text) {
    path_.end = PfreeEnd::Error;
    path_.text = std::move(text);
    throw Stop{};
  }
  [[noreturn]] void crash(std::string text, Address at) {
    path_.end = PfreeEnd::Crash;
    path_.text = std::move(text);
    path_.stopped_at = at;
    throw Stop{};
  }

  bool is_context(Address at, ContextKind kind) {
    if (!at) return false;
    std::array<std::uint8_t, 4> tag{};
    return memory_.read(at + profile_.context.type.offset, tag) &&
           little_endian(tag.data(), 4) == profile_.node_tags[static_cast<std::size_t>(kind)];
  }

  void find_allocator() {
    const ChunkHeaderLayout& layout = profile_.chunk_header;
    path_.word = load(path_.raw - 8);
    if (!layout.packed) {
      path_.context = {path_.word};
      for (int kind = 0; kind < kContextKindCount; ++kind)
        if (profile_.node_tags[static_cast<std::size_t>(kind)] != 0 &&
            is_context(path_.context, static_cast<ContextKind>(kind)))
          path_.allocator = static_cast<ContextKind>(kind);
      if (path_.allocator == ContextKind::Unknown) {
        load(path_.context, profile_.context.methods);
        crash("SIGSEGV: the word in front of the pointer leads to no memory context, so its methods are garbage",
              path_.context);
      }
      return;
    }
    for (int i = 0; header_id(layout, path_.word) == layout.aligned_redirect_id; ++i) {
      if (i == kMostRedirects) crash("SIGABRT: redirects lead in a circle", path_.raw);
      path_.raw = path_.raw - 8 - header_block_offset(layout, path_.word);
      path_.word = load(path_.raw - 8);
    }
    path_.method_id = header_id(layout, path_.word);
    path_.external = header_is_external(layout, path_.word);
    for (int kind = 0; kind < kContextKindCount; ++kind)
      if (layout.id_of[static_cast<std::size_t>(kind)] == path_.method_id)
        path_.allocator = static_cast<ContextKind>(kind);
    if (path_.allocator != ContextKind::Unknown) return;
    std::string digits = hex_text(path_.word);
    digits.insert(0, 16 - digits.size(), '0');
    error("pfree called with invalid pointer 0x" + hex_text(path_.raw.value) + " (header 0x" + digits + ")");
  }

  // The context that the block names is not checked before it is used (only builds with assertions do).
  void must_be_context(ContextKind kind) {
    if (is_context(path_.context, kind)) return;
    load(path_.context, profile_.context.type);
    path_.end = PfreeEnd::Tramples;
    path_.stopped_at = path_.context;
    path_.text = "no context begins at 0x" + hex_text(path_.context.value);
    throw Stop{};
  }

  // 17+, checking builds: a freed chunk has no requested size (spec 2.4, 13).
  void check_double(Field requested) {
    if (!profile_.checking || profile_.major < 17 || !requested.exists()) return;
    if (load(path_.chunk, requested) != kInvalidAllocSize) return;
    error("detected double pfree in " + name() + " 0x" + hex_text(path_.chunk.value));
  }

  std::string name() {
    std::string text;
    const Address at = pointer(path_.context, profile_.context.name);
    for (std::uint64_t i = 0; i < 64; ++i) {
      const auto c = static_cast<char>(load(at + i, Field{0, 1}));
      if (c == 0) break;
      text.push_back(c);
    }
    return text;
  }

  void alloc_set() {
    const AllocSetLayout& layout = profile_.alloc_set;
    path_.chunk = path_.raw - layout.chunk_bytes;
    if (!profile_.chunk_header.packed) {
      path_.chunk_bytes = load(path_.chunk, layout.chunk_size);
      path_.external = path_.chunk_bytes > load(path_.context, layout.chunk_limit);
      if (path_.external) return external_alloc_set();
      path_.freelist = alloc_set_class(path_.chunk_bytes);
    } else {
      if (path_.external) return external_alloc_set();
      path_.block = path_.chunk - header_block_offset(profile_.chunk_header, path_.word);
      path_.freelist = static_cast<int>(header_value(profile_.chunk_header, path_.word));
      path_.context = pointer(path_.block, layout.block_set);
      must_be_context(ContextKind::AllocSet);
      if (path_.freelist >= kAllocSetFreelists) {
        path_.end = PfreeEnd::Tramples;
        path_.stopped_at = path_.context + layout.freelist + 8 * static_cast<std::uint64_t>(path_.freelist);
        path_.text = "freelist[" + std::to_string(path_.freelist) + "] lies behind the array of 11";
        return;
      }
      path_.chunk_bytes = std::uint64_t{8} << path_.freelist;
    }
    check_double(layout.chunk_requested);
    path_.end = PfreeEnd::ToFreelist;
    Address at = pointer(path_.context, Field{static_cast<std::uint16_t>(layout.freelist + 8 * path_.freelist), 8});
    for (int i = 0; at && i < kMostListed; ++i) {
      if (at == path_.chunk) {
        path_.is_listed = true;
        return;
      }
      std::array<std::uint8_t, 8> link{};
      if (!memory_.read(at + layout.free_link, link)) return;
      at = {little_endian(link.data(), 8)};
    }
  }

  void external_alloc_set() {
    const AllocSetLayout& layout = profile_.alloc_set;
    path_.block = path_.chunk - layout.block_bytes;
    const Address free = pointer(path_.block, layout.block_freeptr), end = pointer(path_.block, layout.block_endptr);
    const Address set = pointer(path_.block, layout.block_set);
    bool sane = free == end;
    if (profile_.chunk_header.packed)
      sane = sane && is_context(set, ContextKind::AllocSet);
    else
      sane = sane && set == path_.context && free == path_.raw + path_.chunk_bytes;
    if (!sane) error("could not find block containing chunk 0x" + hex_text(path_.chunk.value));
    path_.context = set;
    path_.chunk_bytes = end - path_.raw;
    path_.end = PfreeEnd::WithBlock;
  }

  void generation() {
    const GenerationLayout& layout = profile_.generation;
    path_.chunk = path_.raw - layout.chunk_bytes;
    if (!profile_.chunk_header.packed) {
      path_.block = pointer(path_.chunk, layout.chunk_block);
      path_.chunk_bytes = load(path_.chunk, layout.chunk_size);
    } else {
      path_.block = path_.external ? path_.chunk - layout.block_bytes
                                   : path_.chunk - header_block_offset(profile_.chunk_header, path_.word);
      path_.context = pointer(path_.block, layout.block_context);
      path_.chunk_bytes = path_.external ? load(path_.block, layout.block_endptr) - path_.raw.value
                                         : header_value(profile_.chunk_header, path_.word);
    }
    const std::uint64_t all = load(path_.block, layout.block_chunks), freed = load(path_.block, layout.block_free) + 1;
    path_.live_left = all > freed ? all - freed : 0;
    // The context is looked at only once the block is empty.
    if (!is_context(path_.context, ContextKind::Generation)) {
      if (path_.live_left == 0) must_be_context(ContextKind::Generation);
      path_.end = PfreeEnd::Tramples;
      path_.stopped_at = path_.block + layout.block_free.offset;
      path_.text = "no block begins at 0x" + hex_text(path_.block.value);
      return;
    }
    check_double(layout.chunk_requested);
    path_.end = PfreeEnd::Counted;
  }

  void slab() {
    const SlabLayout& layout = profile_.slab;
    path_.chunk = path_.raw - layout.chunk_bytes;
    if (!profile_.chunk_header.packed) {
      path_.block = pointer(path_.chunk, layout.chunk_block);
    } else {
      path_.block = path_.chunk - header_block_offset(profile_.chunk_header, path_.word);
      path_.context = pointer(path_.block, layout.block_slab);
      must_be_context(ContextKind::Slab);
    }
    const std::uint64_t all = load(path_.context, layout.chunks_per_block);
    const std::uint64_t free = load(path_.block, layout.block_free) + 1;
    path_.chunk_bytes = load(path_.context, layout.full_chunk_size) - layout.chunk_bytes;
    path_.live_left = all > free ? all - free : 0;
    path_.end = PfreeEnd::ToBlock;
  }

  const MemorySource& memory_;
  const VersionProfile& profile_;
  const bool whole_;
  PfreePath path_;
};

}  // namespace

PfreePath pfree_path(const MemorySource& memory, const VersionProfile& profile, Address pointer, bool whole) {
  return Walk(memory, profile, pointer, whole).run();
}

bool PatchedSource::read(Address at, std::span<std::uint8_t> into) const {
  const auto patched = [&](std::size_t i) { return bytes_.find(at.value + i); };
  if (below_.read(at, into)) {
    for (auto found = bytes_.lower_bound(at.value); found != bytes_.end() && found->first - at.value < into.size();
         ++found)
      into[found->first - at.value] = found->second;
    return true;
  }
  for (std::size_t i = 0; i < into.size(); ++i) {  // partly known below
    if (const auto found = patched(i); found != bytes_.end())
      into[i] = found->second;
    else if (!below_.read(at + i, into.subspan(i, 1)))
      return false;
  }
  return true;
}

}  // namespace palloscope::core
