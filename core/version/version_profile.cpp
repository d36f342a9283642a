#include "core/version/version_profile.h"

namespace palloscope::core {
namespace {

MethodTableLayout method_tables(int major, bool checking) {
  MethodTableLayout tables;
  if (major == 15) {
    tables.one_array = false;
    tables.entry_bytes = 64;
    tables.ids = 3;
    tables.place = {0, 1, 2, 3, 4, -1, 5, 6, 7, -1};
  } else {
    tables.ids = major == 16 ? 8 : 16;
    tables.place = {0, 1, 2, 3, 4, 5, 6, 7, 8, -1};
  }
  if (checking) {
    tables.place[static_cast<std::size_t>(Method::Check)] = static_cast<std::int8_t>(tables.entry_bytes / 8);
    tables.entry_bytes += 8;
  }
  return tables;
}

ChunkHeaderLayout chunk_header(int major, bool checking) {
  ChunkHeaderLayout header;
  header.id_of = {3, 4, 5, static_cast<std::int8_t>(major >= 17 ? 7 : -1)};
  if (major == 15) {
    header.packed = false;
    header.id_of = {-1, -1, -1, -1};
    header.aligned_redirect_id = -1;
  } else if (major == 16) {
    header.id_bits = 3;
    header.id_mask = 0x7;
    header.external_bit = 3;
    header.value_shift = 4;
    header.block_mask = 0x3FFFFFFF;
    header.external_magic = 0xB1A8DB858EB6EFB0;
  }
  if (checking && header.packed) {
    header.bytes = 16;
    header.requested = {0, 8};
  }
  return header;
}

AllocSetLayout alloc_set(int major, bool checking) {
  AllocSetLayout set;
  set.blocks = {80, 8};
  if (major <= 16) {
    set.context_bytes = 224;
    set.init_block_size = {176, 8};
    set.max_block_size = {184, 8};
    set.next_block_size = {192, 8};
    set.chunk_limit = {200, 8};
    set.keeper = {208, 8};
    set.free_list_index = {216, 4};
  } else {
    set.context_bytes = 200;
    set.init_block_size = {176, 4};
    set.max_block_size = {180, 4};
    set.next_block_size = {184, 4};
    set.chunk_limit = {188, 4};
    set.free_list_index = {192, 4};
  }
  if (major == 15) {
    set.chunk_bytes = checking ? 24 : 16;
    set.chunk_size = {0, 8};
    set.free_link = checking ? 16 : 8;
    set.chunk_context = {set.free_link, 8};
    if (checking) set.chunk_requested = {8, 8};
    set.external_shrinks = false;
  } else {
    set.chunk_bytes = set.free_link = checking ? 16 : 8;
    if (checking) set.chunk_requested = {0, 8};
  }
  return set;
}

GenerationLayout generation(int major, bool checking) {
  GenerationLayout gen;
  if (major <= 16) {
    gen.context_bytes = 152;
    gen.init_block_size = {80, 8};
    gen.max_block_size = {88, 8};
    gen.next_block_size = {96, 8};
    gen.chunk_limit = {104, 8};
    gen.current_block = {112, 8};
    gen.free_block = {120, 8};
    gen.keeper = {128, 8};
    gen.blocks = 136;
    gen.reuses_empty_keeper = true;
  } else {
    gen.context_bytes = 128;
    gen.init_block_size = {80, 4};
    gen.max_block_size = {84, 4};
    gen.next_block_size = {88, 4};
    gen.chunk_limit = {92, 4};
    gen.current_block = {96, 8};
    gen.free_block = {104, 8};
    gen.blocks = 112;
  }
  if (major == 15) {
    gen.block_bytes = 48;
    gen.chunk_bytes = checking ? 32 : 24;
    gen.block_size = {16, 8};
    gen.block_chunks = {24, 4};
    gen.block_free = {28, 4};
    gen.block_freeptr = {32, 8};
    gen.block_endptr = {40, 8};
    gen.chunk_size = {0, 8};
    gen.chunk_block = {static_cast<std::uint16_t>(gen.chunk_bytes - 16), 8};
    gen.chunk_context = {static_cast<std::uint16_t>(gen.chunk_bytes - 8), 8};
    if (checking) gen.chunk_requested = {8, 8};
    gen.limit_capped_by_value_field = false;
  } else {
    gen.block_bytes = 56;
    gen.chunk_bytes = checking ? 16 : 8;
    if (checking) gen.chunk_requested = {0, 8};
    gen.block_context = {16, 8};
    gen.block_size = {24, 8};
    gen.block_chunks = {32, 4};
    gen.block_free = {36, 4};
    gen.block_freeptr = {40, 8};
    gen.block_endptr = {48, 8};
  }
  return gen;
}

SlabLayout slab(int major, bool checking) {
  SlabLayout slab;
  if (major == 15) {
    slab.context_bytes = 128;
    slab.block_bytes = 24;
    slab.chunk_bytes = 16;
    slab.min_chunk_size = 4;
    slab.chunk_size = {80, 8};
    slab.full_chunk_size = {88, 8};
    slab.block_size = {96, 8};
    slab.header_size = {104, 8};
    slab.chunks_per_block = {112, 4};
    slab.min_free_chunks = {116, 4};
    slab.block_count = {120, 4};
    slab.lists = 128;
    if (checking) {
      slab.context_bytes = slab.lists = 136;
      slab.is_chunk_free = {128, 8};
    }
    slab.list_per_free_count = true;
    slab.max_empty_blocks = 0;
    slab.node_prev = {0, 8};
    slab.node_next = {8, 8};
    slab.block_free = {16, 4};
    slab.block_free_head = {20, 4};
    slab.chunk_block = {0, 8};
    slab.chunk_context = {8, 8};
    slab.free_link_width = 4;
    return slab;
  }
  slab.block_bytes = 48;
  slab.chunk_bytes = checking ? 16 : 8;
  slab.block_slab = {0, 8};
  slab.block_free = {8, 4};
  slab.block_unused_count = {12, 4};
  slab.block_free_head = {16, 8};
  slab.block_unused = {24, 8};
  slab.node_prev = {32, 8};
  slab.node_next = {40, 8};
  if (major == 16) {
    slab.context_bytes = 192;
    slab.chunk_size = {80, 8};
    slab.full_chunk_size = {88, 8};
    slab.block_size = {96, 8};
    slab.chunks_per_block = {104, 4};
    slab.current_list = {108, 4};
    slab.list_shift = {112, 4};
    slab.empty_blocks = 120;
    slab.lists = 144;
    if (checking) {
      slab.context_bytes = 200;
      slab.is_chunk_free = {112, 8};
      slab.list_shift = {120, 4};
      slab.empty_blocks = 128;
      slab.lists = 152;
    }
  } else {
    slab.context_bytes = 176;
    slab.chunk_size = {80, 4};
    slab.full_chunk_size = {84, 4};
    slab.block_size = {88, 4};
    slab.chunks_per_block = {92, 4};
    slab.current_list = {96, 4};
    slab.list_shift = {100, 4};
    slab.empty_blocks = 104;
    slab.lists = 128;
    if (checking) {
      slab.context_bytes = 192;
      slab.is_chunk_free = {104, 8};
      slab.list_shift = {112, 4};
      slab.empty_blocks = 120;
      slab.lists = 144;
      slab.chunk_requested = {0, 8};
    }
  }
  return slab;
}

BumpLayout bump(bool checking) {
  BumpLayout bump;
  bump.init_block_size = {80, 4};
  bump.max_block_size = {84, 4};
  bump.next_block_size = {88, 4};
  bump.chunk_limit = {92, 4};
  bump.block_freeptr = {16, 8};
  bump.block_endptr = {24, 8};
  if (checking) {
    bump.block_bytes = 40;
    bump.chunk_bytes = 16;
    bump.block_context = {16, 8};
    bump.block_freeptr = {24, 8};
    bump.block_endptr = {32, 8};
    bump.chunk_requested = {0, 8};
  }
  return bump;
}

CommonRules rules(int major) {
  CommonRules rules;
  rules.size_checked_by_allocator = rules.reset_children_preorder = rules.omitted_counts_descendants = major >= 17;
  rules.delete_recurses = major <= 16;
  rules.stats_depth_limit = major >= 17 ? 100 : 0;
  rules.level_of_top = major >= 18 ? 1 : 0;
  rules.has_bump = major >= 17;
  rules.has_aligned = rules.has_repalloc0 = major >= 16;
  rules.has_contains = major == 15;
  return rules;
}

CheckingRules checks(int major) {
  CheckingRules rules;
  rules.sentinel_room = major >= 16 ? 1 : 0;
  rules.free_requested = major >= 16 ? ~std::uint64_t{0} : 0;
  rules.detects_freed_chunks = major >= 17;
  rules.sentinel_before_block = major == 15;
  rules.newer_trap_text = major >= 16;
  return rules;
}

VersionProfile make_profile(int major, bool checking) {
  VersionProfile profile;
  profile.major = major;
  profile.checking = checking;
  switch (major) {
    case 15:
      profile.node_tags = {223, 225, 224, 0};
      break;
    case 16:
      profile.node_tags = {450, 451, 452, 0};
      break;
    case 17:
      profile.node_tags = {469, 470, 471, 472};
      break;
    default:
      profile.node_tags = {474, 475, 476, 477};
      break;
  }
  profile.methods = method_tables(major, checking);
  profile.chunk_header = chunk_header(major, checking);
  profile.alloc_set = alloc_set(major, checking);
  profile.generation = generation(major, checking);
  profile.slab = slab(major, checking);
  profile.bump = bump(checking);
  profile.rules = rules(major);
  if (checking) profile.checks = checks(major);
  return profile;
}

}  // namespace

const VersionProfile* find_profile(int major, bool checking) {
  static const std::array<VersionProfile, 8> profiles = {
      make_profile(15, false), make_profile(16, false), make_profile(17, false), make_profile(18, false),
      make_profile(15, true),  make_profile(16, true),  make_profile(17, true),  make_profile(18, true)};
  for (const VersionProfile& profile : profiles) {
    if (profile.major == major && profile.checking == checking) return &profile;
  }
  return nullptr;
}

}  // namespace palloscope::core
