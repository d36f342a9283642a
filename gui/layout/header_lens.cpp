#include "gui/layout/header_lens.h"

#include <array>

#include "core/allocators/chunk_header.h"
#include "core/walk/byte_window.h"
#include "trace/analysis/known_bytes.h"

namespace palloscope::gui {
namespace {

using namespace core;

struct Lens {
  const MemorySource& memory;
  const VersionProfile& profile;
  ContextKind kind;
  Address pointer;
  HeaderLens found = {};

  std::optional<std::uint64_t> load(Address at) const {
    std::array<std::uint8_t, 8> bytes{};
    if (!memory.read(at, bytes)) return std::nullopt;
    return little_endian(bytes.data(), bytes.size());
  }
  std::optional<std::uint64_t> load(Address at, Field field) const {
    std::array<std::uint8_t, 8> bytes{};
    if (!field.exists() || !memory.read(at + field.offset, std::span(bytes).first(field.width))) return std::nullopt;
    return little_endian(bytes.data(), field.width);
  }

  // A word that is one field.
  void plain(Address at, std::string_view name, LensField field) {
    const auto value = load(at);
    if (!value) return;
    field.value = *value;
    if (field.role == LensRole::Block || field.role == LensRole::Context) field.target = {*value};
    found.words.push_back({at, *value, name, {field}});
  }
  void requested(Address at, Field field) {
    if (!field.exists()) return;
    LensField shown;
    shown.role = LensRole::Requested;
    shown.name_key = "lens.requested";
    const auto value = load(at + field.offset);
    if (value && *value == ~std::uint64_t{0}) shown.says_key = "lens.says_freed";
    plain(at + field.offset, "requested_size", shown);
  }

  // 15: plain members, the last of them the context (spec 2.2).
  void unpacked() {
    LensField size, block, context;
    size.role = LensRole::Size;
    size.name_key = "lens.size";
    block.role = LensRole::Block;
    block.name_key = "lens.block";
    block.says_key = "lens.says_block";
    context.role = LensRole::Context;
    context.name_key = "lens.context";
    context.says_key = kind == ContextKind::AllocSet ? "lens.says_context_or_link" : "lens.says_context";
    if (kind == ContextKind::AllocSet) {
      const Address chunk = pointer - profile.alloc_set.chunk_bytes;
      plain(chunk + profile.alloc_set.chunk_size.offset, "size", size);
      requested(chunk, profile.alloc_set.chunk_requested);
    } else if (kind == ContextKind::Generation) {
      const Address chunk = pointer - profile.generation.chunk_bytes;
      plain(chunk + profile.generation.chunk_size.offset, "size", size);
      requested(chunk, profile.generation.chunk_requested);
      plain(chunk + profile.generation.chunk_block.offset, "block", block);
    } else if (kind == ContextKind::Slab) {
      plain(pointer - profile.slab.chunk_bytes + profile.slab.chunk_block.offset, "block", block);
    }
    plain(pointer - 8, "context", context);
    for (const LensWord& word : found.words)
      if (word.fields[0].role == LensRole::Block)
        found.block = {word.value};
      else if (word.fields[0].role == LensRole::Context)
        found.context = {word.value};
  }

  std::uint64_t block_header_bytes(ContextKind of) const {
    return of == ContextKind::Generation ? profile.generation.block_bytes : profile.alloc_set.block_bytes;
  }
  Field context_in_block(ContextKind of) const {
    switch (of) {
      case ContextKind::AllocSet:
        return profile.alloc_set.block_set;
      case ContextKind::Generation:
        return profile.generation.block_context;
      case ContextKind::Slab:
        return profile.slab.block_slab;
      case ContextKind::Bump:
        return profile.bump.block_context;
      case ContextKind::Unknown:
        break;
    }
    return {};
  }

  // 16+: one packed word, and in checking builds what was asked for in front of it (spec 2.3, 2.4).
  void packed() {
    const bool headless = kind == ContextKind::Bump && profile.bump.chunk_bytes == 0;
    if (headless) return;
    if (profile.checking) requested(pointer - 16, Field{0, 8});
    const auto value = load(pointer - 8);
    if (!value) return;
    LensWord word{pointer - 8, *value, "hdrmask", {}};
    const Address chunk = pointer - (profile.checking ? 16 : 8);
    const int id = header_id(profile.chunk_header, *value);
    const bool redirect = id == profile.chunk_header.aligned_redirect_id;
    ContextKind owner = ContextKind::Unknown;
    for (int k = 0; k < kContextKindCount; ++k)
      if (profile.chunk_header.id_of[static_cast<std::size_t>(k)] == id) owner = static_cast<ContextKind>(k);
    if (header_is_external(profile.chunk_header, *value))
      found.block = chunk - block_header_bytes(owner);
    else
      found.block = chunk - header_block_offset(profile.chunk_header, *value);
    for (const trace::HeaderBits& bits : trace::decode_chunk_header(profile, *value)) {
      LensField field;
      field.first_bit = bits.first_bit;
      field.bit_count = bits.bit_count;
      field.value = bits.value;
      describe(field, bits.part, owner, redirect);
      word.fields.push_back(field);
    }
    found.words.push_back(std::move(word));
    if (redirect) return;
    if (const auto context = load(found.block, context_in_block(owner))) found.context = {*context};
  }

  void describe(LensField& field, trace::HeaderPart part, ContextKind owner, bool redirect) const {
    static constexpr std::array<std::string_view, kContextKindCount> kKinds = {"kind.aset", "kind.generation",
                                                                               "kind.slab", "kind.bump"};
    switch (part) {
      case trace::HeaderPart::MethodId:
        field.role = LensRole::MethodId;
        field.name_key = "lens.method_id";
        field.says_key = redirect                        ? "lens.says_redirect"
                         : owner == ContextKind::Unknown ? "lens.says_nobody"
                                                         : "lens.says_kind";
        if (owner != ContextKind::Unknown) field.kind_key = kKinds[static_cast<std::size_t>(owner)];
        break;
      case trace::HeaderPart::External:
        field.role = LensRole::External;
        field.name_key = "lens.external";
        field.says_key = field.value != 0 ? "lens.says_external" : "lens.says_shared";
        break;
      case trace::HeaderPart::Value:
        field.role = LensRole::Value;
        field.name_key = "lens.value";
        if (redirect) {
          field.says_key = "lens.says_alignment";
        } else if (owner == ContextKind::AllocSet) {
          field.says_key = field.value < kAllocSetFreelists ? "lens.says_class" : "lens.says_no_class";
          field.says_bytes = field.value < kAllocSetFreelists ? std::uint64_t{8} << field.value : 0;
        } else if (owner != ContextKind::Unknown) {
          field.says_key = "lens.says_size";
        }
        break;
      case trace::HeaderPart::BlockOffset:
        field.role = LensRole::BlockOffset;
        field.name_key = "lens.block_offset";
        field.says_key = redirect ? "lens.says_back_to_chunk" : "lens.says_back_to_block";
        field.says_bytes = field.value;
        field.target = found.block;
        break;
      case trace::HeaderPart::Magic:
        field.role = LensRole::Magic;
        field.name_key = "lens.magic";
        field.value = field.value << field.first_bit;
        field.says_key = field.value == profile.chunk_header.external_magic ? "lens.says_magic" : "lens.says_no_magic";
        field.target = found.block;
        break;
    }
  }
};

}  // namespace

HeaderLens header_lens(const MemorySource& memory, const VersionProfile& profile, ContextKind kind, Address pointer) {
  Lens lens{memory, profile, kind, pointer};
  if (profile.chunk_header.packed)
    lens.packed();
  else
    lens.unpacked();
  return std::move(lens.found);
}

int lens_columns(float width_px, float least_px) {
  for (const int columns : {64, 32}) {
    const int gaps = columns / 8;
    if (width_px >= least_px * (static_cast<float>(columns) + 0.25f * static_cast<float>(gaps))) return columns;
  }
  return 16;
}

}  // namespace palloscope::gui
