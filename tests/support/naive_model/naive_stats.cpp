// What the naive model answers when it is asked: counters, statistics lines (spec 3.11, 4.6, 5, 6, 9.1), layouts
// (15.3), chunk space and header words (2.2, 2.3).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/naive_model/naive_model.h"

namespace palloscope::test {

using core::ContextKind;
using nlohmann::json;

namespace {

std::string digits(std::uint64_t value) { return std::to_string(value); }

std::string shown_ident(const std::string& ident) {
  std::size_t length = ident.size();
  if (length > 100) {
    length = 100;
    while (length > 0 && (static_cast<unsigned char>(ident[length]) & 0xC0) == 0x80) --length;
  }
  std::string shown = ident.substr(0, length);
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return length < ident.size() ? shown + "..." : shown;
}

json block_entry(const NaiveBlock& block) {
  json entry = {{"b", block.region}, {"size", block.end - block.header}, {"free", block.end - block.free_at}};
  if (block.keeper) entry["keeper"] = true;
  return entry;
}

}  // namespace

void NaiveModel::below(int context, std::vector<int>& found) const {
  for (int child : contexts_.at(context).children) {
    found.push_back(child);
    below(child, found);
  }
}

std::uint64_t NaiveModel::chunk_header(ContextKind kind) const {
  switch (kind) {
    case ContextKind::Generation:
      return sizes_.generation_chunk;
    case ContextKind::Slab:
      return sizes_.slab_chunk;
    case ContextKind::Bump:
      return sizes_.bump_chunk;
    default:
      return sizes_.set_chunk;
  }
}

std::uint64_t NaiveModel::chunk_space(int chunk) const { return space_of(chunks_.at(chunk)); }

std::uint64_t NaiveModel::space_of(const NaiveChunk& chunk) const {
  const NaiveContext& context = contexts_.at(chunk.context);
  return context.kind == ContextKind::Slab ? context.full_chunk : chunk.usable + chunk_header(context.kind);
}

std::uint64_t NaiveModel::word_of(const NaiveChunk& chunk) const {
  const NaiveContext& context = contexts_.at(chunk.context);
  if (major_ == 15) return chunk.usable;
  const unsigned shift = major_ == 16 ? 4 : 5;
  const std::uint64_t header = checking_ ? 16 : 8;
  auto word = [&](std::uint64_t offset, std::uint64_t value, std::uint64_t id) {
    return offset << 34 | value << shift | id;
  };
  if (chunk.align != 0) return word(chunk.at.offset - header - chunk.raw.offset, chunk.align, 6);
  std::uint64_t id = 3, value = 0, block_header = 0;
  switch (context.kind) {
    case ContextKind::Generation:
      id = 4;
      value = chunk.usable;
      break;
    case ContextKind::Slab:
      id = 5;
      value = up8(context.chunk_size);
      break;
    case ContextKind::Bump:
      id = 7;
      value = chunk.usable;
      break;
    default:
      while ((std::uint64_t{8} << value) < chunk.usable) ++value;
  }
  if (chunk.external) {
    const std::uint64_t magic = 0xB1A8DB858EB6EFBA;
    return (magic >> shift << shift) | std::uint64_t{1} << (shift - 1) | id;
  }
  for (const NaiveBlock& block : context.blocks) {
    if (block.region == chunk.at.block) block_header = block.header;
  }
  return word(chunk.at.offset - header - block_header, value, id);
}

bool NaiveModel::is_empty(const NaiveContext& context) const {
  switch (context.kind) {
    case ContextKind::Generation:
      return std::all_of(context.blocks.begin(), context.blocks.end(), [](auto& b) { return b.nchunks == 0; });
    case ContextKind::Slab:
      return context.mem == 0;
    case ContextKind::Bump:
      return std::all_of(context.blocks.begin(), context.blocks.end(), [](auto& b) { return b.free_at == b.start; });
    default:
      return context.is_reset;
  }
}

NaiveCounters NaiveModel::counters(const NaiveContext& context) const {
  NaiveCounters sum;
  switch (context.kind) {
    case ContextKind::AllocSet:
      sum.total = sizes_.set;
      break;
    case ContextKind::Generation:
      sum.total = sizes_.generation;
      break;
    case ContextKind::Slab:
      sum.total = context.header_size + context.empty.size() * context.init;
      break;
    default:
      break;
  }
  for (const NaiveBlock& block : context.blocks) {
    ++sum.blocks;
    sum.total += block.end - block.header;
    sum.free += block.end - block.free_at;
    sum.free_chunks += static_cast<std::uint64_t>(block.nfree);
  }
  for (std::size_t index = 0; index < 11; ++index) {
    sum.free_chunks += context.freelists[index].size();
    sum.free += context.freelists[index].size() * ((std::uint64_t{8} << index) + sizes_.set_chunk);
  }
  for (const auto& list : context.lists) {
    for (const NaiveBlock& block : list) {
      ++sum.blocks;
      sum.total += context.init;
      sum.free_chunks += static_cast<std::uint64_t>(block.nfree);
      sum.free += static_cast<std::uint64_t>(block.nfree) * context.full_chunk;
    }
  }
  return sum;
}

std::string NaiveModel::stats_of(const NaiveContext& context) const {
  const NaiveCounters sum = counters(context);
  std::string text = digits(sum.total) + " total in " + digits(sum.blocks) + " blocks";
  if (context.kind == ContextKind::Generation) {
    std::uint64_t chunks = 0;
    for (const NaiveBlock& block : context.blocks) chunks += static_cast<std::uint64_t>(block.nchunks);
    text += " (" + digits(chunks) + " chunks)";
  }
  text += "; ";
  if (context.kind == ContextKind::Slab && major_ >= 16) text += digits(context.empty.size()) + " empty blocks; ";
  text += digits(sum.free) + " free";
  if (context.kind != ContextKind::Bump) text += " (" + digits(sum.free_chunks) + " chunks)";
  return text + "; " + digits(sum.total - sum.free) + " used";
}

std::string NaiveModel::stats_line(int number) const {
  const NaiveContext& context = contexts_.at(number);
  if (context.name == "dynahash" && context.ident) return *context.ident + ": " + stats_of(context);
  std::string line = context.name + ": " + stats_of(context);
  return context.ident ? line + ": " + shown_ident(*context.ident) : line;
}

void NaiveModel::print(int number, int level, bool show, int max_children, NaiveCounters& sum,
                       std::string& text) const {
  const NaiveContext& context = contexts_.at(number);
  auto add = [](NaiveCounters& to, const NaiveCounters& more) {
    to.blocks += more.blocks;
    to.free_chunks += more.free_chunks;
    to.total += more.total;
    to.free += more.free;
  };
  add(sum, counters(context));
  if (show) text += std::string(static_cast<std::size_t>(2 * level), ' ') + stats_line(number) + "\n";
  NaiveCounters left_out;
  std::size_t omitted = 0;
  int child_number = 0;
  for (int child : context.children) {
    const bool too_deep = major_ >= 17 && level >= 100;
    if (child_number++ < max_children && !too_deep) {
      print(child, level + 1, show, max_children, sum, text);
      continue;
    }
    std::vector<int> family = {child};
    below(child, family);
    for (int member : family) add(left_out, counters(contexts_.at(member)));
    omitted += major_ >= 17 ? family.size() : 1;
  }
  if (omitted == 0) return;
  add(sum, left_out);
  if (!show) return;
  text += std::string(static_cast<std::size_t>(2 * (level + 1)), ' ') + digits(omitted) +
          " more child contexts containing " + digits(left_out.total) + " total in " + digits(left_out.blocks) +
          " blocks; " + digits(left_out.free) + " free (" + digits(left_out.free_chunks) + " chunks); " +
          digits(left_out.total - left_out.free) + " used\n";
}

std::string NaiveModel::stats_text(int context, int max_children) const {
  NaiveCounters sum;
  std::string text;
  print(context, 0, true, max_children, sum, text);
  return text + "Grand total: " + digits(sum.total) + " bytes in " + digits(sum.blocks) + " blocks; " +
         digits(sum.free) + " free (" + digits(sum.free_chunks) + " chunks); " + digits(sum.total - sum.free) +
         " used\n";
}

std::uint64_t NaiveModel::mem_allocated(int context, bool recurse) const {
  std::uint64_t sum = contexts_.at(context).mem;
  std::vector<int> family;
  if (recurse) below(context, family);
  for (int member : family) sum += contexts_.at(member).mem;
  return sum;
}

json NaiveModel::tree(int number) const {
  const NaiveContext& context = contexts_.at(number);
  json tree = {{"name", context.name},
               {"is_reset", context.is_reset},
               {"crit", context.crit},
               {"mem", context.mem},
               {"children", json::array()}};
  if (context.ident) tree["ident"] = *context.ident;
  for (int child : context.children) tree["children"].push_back(this->tree(child));
  return tree;
}

json NaiveModel::dump(int number) const {
  const NaiveContext& context = contexts_.at(number);
  const NaiveCounters sum = counters(context);
  json r = {{"mem_allocated", context.mem},
            {"is_reset", context.is_reset},
            {"is_empty", is_empty(context)},
            {"text", stats_line(number)},
            {"stats",
             {{"nblocks", sum.blocks},
              {"freechunks", sum.free_chunks},
              {"total", sum.total},
              {"free", sum.free},
              {"used", sum.total - sum.free}}}};
  if (context.kind != ContextKind::Slab) {
    r["next_block"] = context.next;
    r["init_block"] = context.init;
    r["max_block"] = context.max;
    r["chunk_limit"] = context.limit;
    r["blocks"] = json::array();
    for (const NaiveBlock& block : context.blocks) {
      json entry = block_entry(block);
      if (context.kind == ContextKind::Generation) {
        entry["nchunks"] = block.nchunks;
        entry["nfree"] = block.nfree;
        if (block.region == context.current) entry["current"] = true;
        if (block.region == context.freeblock) entry["freeblock"] = true;
      }
      r["blocks"].push_back(entry);
    }
  }
  if (context.kind == ContextKind::Generation) r["has_current"] = context.current != -1;
  if (context.kind == ContextKind::AllocSet) {
    r["freelist_index"] = context.list;
    r["freelists"] = json::object();
    for (std::size_t index = 0; index < 11; ++index) {
      const auto& list = context.freelists[index];
      for (auto place = list.rbegin(); place != list.rend(); ++place) {
        r["freelists"][std::to_string(index)].push_back({place->block, place->offset});
      }
    }
  }
  if (context.kind != ContextKind::Slab) return r;
  r["chunk_size"] = context.chunk_size;
  r["full_chunk_size"] = context.full_chunk;
  r["chunks_per_block"] = context.per_block;
  r["header_size"] = context.header_size;
  r["block_size"] = context.init;
  auto entries = [&](const std::vector<NaiveBlock>& list) {
    json all = json::array();
    for (const NaiveBlock& block : list) {
      all.push_back({{"b", block.region}, {"nfree", block.nfree}, {"freechain", block.free_chain}});
      if (major_ >= 16) all.back()["nunused"] = block.nunused;
    }
    return all;
  };
  if (major_ == 15) {
    std::size_t blocks = 0;
    r["lists"] = json::object();
    for (std::size_t list = 0; list < context.lists.size(); ++list) {
      blocks += context.lists[list].size();
      if (!context.lists[list].empty()) r["lists"][std::to_string(list)] = entries(context.lists[list]);
    }
    r["min_free_chunks"] = context.current_list;
    r["nblocks"] = blocks;
  } else {
    r["blocklist_shift"] = context.shift;
    r["cur_blocklist"] = context.current_list;
    r["empty"] = entries(context.empty);
    r["lists"] = {entries(context.lists[0]), entries(context.lists[1]), entries(context.lists[2])};
  }
  return r;
}

}  // namespace palloscope::test
