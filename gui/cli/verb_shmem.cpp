// palloscope shmem: the shared memory that a server would have under given settings, without starting one.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "core/base/counted.h"
#include "core/shmem/huge_pages.h"
#include "core/shmem/shmem_map.h"
#include "core/shmem/shmem_quantities.h"
#include "gui/cli/arguments.h"

namespace palloscope::gui::cli {
namespace {

using core::Guc;
using core::Knowledge;
using core::ShmemMap;
using core::ShmemPiece;
using core::ShmemSettings;

struct Wish {
  int major = 17;
  std::string format = "text";
  std::vector<std::string> assignments, tranches;
  std::string ssl, gss, request = "0", huge_page_size;
  std::uint64_t tlb_entries = core::TlbModel{}.entries;
  bool all = false;
};

std::string_view word_of(Knowledge known) {
  switch (known) {
    case Knowledge::Rule:
      return "rule";
    case Knowledge::Measured:
      return "measured";
    case Knowledge::Unknown:
      return "unknown";
  }
  return "";
}

// "143.2 MB", "4.0 kB", "17 bytes".
std::string in_units(std::uint64_t bytes) {
  if (bytes >= 1 << 30) return fmt::format("{:.1f} GB", static_cast<double>(bytes) / (1 << 30));
  if (bytes >= 1 << 20) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / (1 << 20));
  if (bytes >= 1 << 10) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / (1 << 10));
  return core::counted(bytes, "byte");
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

// The view's columns and its two rows without a name of their own; in the order of the offsets.
void write_csv(const ShmemMap& map, Streams io) {
  io.out << "name,off,size,allocated_size\n";
  for (const ShmemPiece& piece : map.pieces)
    if (!piece.name.empty() && piece.known != Knowledge::Unknown)
      io.out << fmt::format("{},{},{},{}\n", csv_field(piece.name), piece.offset, piece.bytes, piece.allocated_bytes);
  if (!map.complete) {
    for (const ShmemPiece& piece : map.pieces)
      if (piece.known == Knowledge::Unknown)
        io.err << "palloscope shmem: the size of " << piece.name
               << " is not known, so it is not among the rows, nor are "
               << "<anonymous> and the free rest\n";
    return;
  }
  const std::uint64_t anonymous = map.anonymous_bytes(), rest = map.total_bytes - map.free_offset;
  io.out << fmt::format("<anonymous>,,{},{}\n,{},{},{}\n", anonymous, anonymous, map.free_offset, rest, rest);
}

// Anonymous neighbours that are for the same thing become one row.
std::vector<ShmemPiece> joined(const ShmemMap& map) {
  std::vector<ShmemPiece> rows;
  for (ShmemPiece piece : map.pieces) {
    piece.bytes *= piece.count;
    piece.allocated_bytes *= piece.count;
    piece.count = 1;
    if (!rows.empty() && piece.name.empty() && rows.back().name.empty() && rows.back().purpose == piece.purpose) {
      rows.back().bytes += piece.bytes;
      rows.back().allocated_bytes += piece.allocated_bytes;
    } else {
      rows.push_back(piece);
    }
  }
  return rows;
}

// What becomes of a huge_page_size that the kernel may not have; empty: nothing to be said of it.
std::string page_size_note(const core::HugePagePlan& plan) {
  const bool odd = plan.asked_page_bytes != plan.page_bytes;
  if (plan.setting == core::HugePages::Off || (plan.asks_what_x86_has() && !odd)) return "";
  std::string text =
      odd ? fmt::format("{} is no power of two: the server takes it, but asks the kernel for pages of {}",
                        in_units(plan.page_bytes), in_units(plan.asked_page_bytes))
          : fmt::format("the server asks the kernel for pages of {}", in_units(plan.asked_page_bytes));
  if (plan.asks_what_x86_has()) return text + ", so the mapping is another than reckoned here";
  return text +
         fmt::format(" (x86-64: 2 MB and 1 GB only).\n  Where the kernel has none, with huge_pages = {}.",
                     plan.setting == core::HugePages::On ? "on it does not start" : "try it starts with pages of 4 kB");
}

void write_text(const ShmemMap& map, const ShmemSettings& settings, const core::HugePagePlan& plan, const Wish& wish,
                std::ostream& out) {
  const core::ShmemQuantities counts(settings);
  out << fmt::format("PostgreSQL {}: the main shared memory segment\n", map.major);
  for (const core::GucRow& row : core::guc_table())
    if (row.since <= map.major && map.major <= row.until &&
        (settings.get(row.guc) != row.boot[static_cast<std::size_t>(map.major - 15)] || row.guc == Guc::SharedBuffers ||
         row.guc == Guc::MaxConnections))
      out << fmt::format("  {} = {}\n", row.name, settings.show(row.guc));
  out << fmt::format("  built {} SSL, {} GSS\n", settings.build.ssl ? "with" : "without",
                     settings.build.gss ? "with" : "without");
  out << fmt::format("  so: {}, MaxBackends {}, room for {}, wal_buffers {}\n\n",
                     core::counted(counts.buffers, "buffer"), counts.max_backends,
                     core::counted(counts.procs, "process", "processes"), core::counted(counts.wal_buffers, "page"));

  out << "      offset        size   allocated  by        name: what it is for\n";
  const std::vector<ShmemPiece> rows = wish.all ? map.pieces : joined(map);
  std::uint64_t unknown = 0;
  for (const ShmemPiece& row : rows) {
    unknown += row.known == Knowledge::Unknown ? 1 : 0;
    std::string text =
        row.name.empty() ? fmt::format("({})", row.purpose) : fmt::format("{}: {}", row.name, row.purpose);
    if (row.count > 1) text += fmt::format(", {} such", row.count);
    if (row.known == Knowledge::Unknown)
      out << fmt::format("{:>12}{:>12}{:>12}  {:<8}  {}\n", "?", "?", "?", word_of(row.known), text);
    else
      out << fmt::format("{:>12}{:>12}{:>12}  {:<8}  {}\n", row.offset, row.bytes, row.allocated_bytes,
                         word_of(row.known), text);
  }
  const std::string at_least = map.complete ? "" : "at least ";
  out << fmt::format("{:>12}{:>12}{:>12}            free, for hash tables that grow and for extensions\n",
                     map.free_offset, map.total_bytes - map.free_offset, map.total_bytes - map.free_offset);
  out << fmt::format("\n{}{} bytes ({}): shared_memory_size = {}MB\n", at_least, map.total_bytes,
                     in_units(map.total_bytes), core::shared_memory_size_mb(map.total_bytes));
  out << fmt::format("  (rows in brackets are anonymous: {} bytes in all)\n", map.anonymous_bytes());
  out << "  by rule: follows from the settings by a rule compared with real servers under many settings;\n"
      << "  measured: does not depend on the settings, read off real servers of this version";
  out << (unknown != 0 ? ";\n  unknown: not worked out here, so what lies behind it and the sum are not known\n"
                       : "\n");

  const core::TlbModel tlb{wish.tlb_entries};
  out << fmt::format("\nHuge pages of {0}: {4}{1} (shared_memory_size_in_huge_pages), the mapping takes {4}{2} = {3}\n",
                     in_units(plan.page_bytes), plan.shown_pages, plan.needed_pages, in_units(plan.rounded_bytes),
                     at_least);
  if (const std::string note = page_size_note(plan); !note.empty()) out << "  " << note << '\n';
  out << fmt::format(
      "  page tables of a process that touched it all: {4}{0} instead of {4}{1} with {4}{2} pages of {3}\n",
      in_units(plan.table_bytes_huge), in_units(plan.table_bytes_small), plan.small_pages, "4 kB", at_least);
  out << fmt::format("  a TLB of {} entries reaches {} instead of {}\n", tlb.entries,
                     in_units(tlb.reach_bytes(plan.page_bytes)), in_units(tlb.reach_bytes(core::kSmallPage)));
}

void write_json(const ShmemMap& map, const ShmemSettings& settings, const core::HugePagePlan& plan, const Wish& wish,
                std::ostream& out) {
  using Json = nlohmann::ordered_json;
  Json root;
  root["pg"] = map.major;
  for (const core::GucRow& row : core::guc_table())
    if (row.since <= map.major && map.major <= row.until)
      root["settings"][std::string(row.name)] = settings.show(row.guc);
  root["build"] = {{"ssl", settings.build.ssl}, {"gss", settings.build.gss}};
  root["complete"] = map.complete;
  root["total_bytes"] = map.total_bytes;
  root["free_offset"] = map.free_offset;
  root["anonymous_bytes"] = map.anonymous_bytes();
  root["shared_memory_size_mb"] = core::shared_memory_size_mb(map.total_bytes);
  root["huge_pages"] = {{"page_bytes", plan.page_bytes},
                        {"shared_memory_size_in_huge_pages", plan.shown_pages},
                        {"mapped_pages", plan.needed_pages},
                        {"mapped_bytes", plan.rounded_bytes},
                        {"asked_page_bytes", plan.asked_page_bytes},
                        {"tlb_entries", wish.tlb_entries},
                        {"tlb_reach_bytes", core::TlbModel{wish.tlb_entries}.reach_bytes(plan.page_bytes)},
                        {"tlb_reach_bytes_4k", core::TlbModel{wish.tlb_entries}.reach_bytes(core::kSmallPage)}};
  root["allocations"] = Json::array();
  for (const ShmemPiece& piece : map.pieces) {
    Json row;
    row["name"] = piece.name.empty() ? Json(nullptr) : Json(piece.name);
    const bool known = piece.known != Knowledge::Unknown;
    row["off"] = known ? Json(piece.offset) : Json(nullptr);
    row["size"] = known ? Json(piece.bytes) : Json(nullptr);
    row["allocated_size"] = known ? Json(piece.allocated_bytes) : Json(nullptr);
    row["count"] = piece.count;
    row["known"] = word_of(piece.known);
    row["purpose"] = piece.purpose;
    root["allocations"].push_back(std::move(row));
  }
  out << root.dump(1) << '\n';
}

core::Result<ShmemSettings> settings_from(const Wish& wish) {
  ShmemSettings settings(wish.major);
  for (const std::string& assignment : wish.assignments)
    if (const auto done = settings.set_assignment(assignment); !done) return done.error();
  if (!wish.huge_page_size.empty())
    if (const auto done = settings.set("huge_page_size", wish.huge_page_size); !done) return done.error();
  if (!wish.ssl.empty()) settings.build.ssl = wish.ssl == "on";
  if (!wish.gss.empty()) settings.build.gss = wish.gss == "on";
  return settings;
}

core::Result<core::ShmemRequests> requests_from(const Wish& wish) {
  core::ShmemRequests requests;
  const auto bytes = core::parse_bytes(wish.request, 1);
  if (!bytes) return core::Error{bytes.error().code, "--request: " + bytes.error().message};
  requests.bytes = static_cast<std::uint64_t>(*bytes);
  for (const std::string& text : wish.tranches) {
    const std::size_t equals = text.find('=');
    core::LwLockTranche tranche{text.substr(0, equals), 1};
    const std::string count = equals == std::string::npos ? "1" : text.substr(equals + 1);
    const auto [stop, fault] = std::from_chars(count.data(), count.data() + count.size(), tranche.locks);
    if (fault != std::errc{} || stop != count.data() + count.size() || tranche.locks > 1u << 20 || tranche.name.empty())
      return core::Error{core::ErrorCode::BadArgument,
                         fmt::format("--tranche \"{}\": write it as NAME=LOCKS, as in pg_stat_statements=1", text)};
    requests.tranches.push_back(std::move(tranche));
  }
  return requests;
}

}  // namespace

int run_shmem(Arguments arguments, Streams io) {
  Usage usage(
      "shmem",
      "Works out the main shared memory segment of a server from its settings: each structure's place and size,\n"
      "as pg_shmem_allocations would show them, and the huge pages it takes. No server is started.");
  Wish wish;
  std::string names;
  for (const core::GucRow& row : core::guc_table())
    names +=
        (names.empty() ? "" : ", ") + std::string(row.name) + (row.since > 15 ? fmt::format(" ({}+)", row.since) : "");
  usage.add("--pg", &wish.major, "the server's version").within(15, 18).shows_default();
  usage.add("--set", &wish.assignments, "a setting, as in postgresql.conf; may be given again. Settings: " + names)
      .takes("NAME=VALUE")
      .one_value_each();
  usage
      .add("--format", &wish.format,
           "how it is written; csv: rows of pg_shmem_allocations, by offset; json: everything")
      .one_of({"text", "csv", "json"})
      .shows_default();
  usage.add("--all", &wish.all, "text: anonymous pieces of a hash table singly, not summed up");
  usage.add("--ssl", &wish.ssl, "built with SSL; left out: on").one_of({"on", "off"});
  usage.add("--gss", &wish.gss, "built with GSSAPI, as distributions do; left out: on in 15, off in 16 to 18")
      .one_of({"on", "off"});
  usage.add("--request", &wish.request, "what extensions ask for by RequestAddinShmemSpace").takes("SIZE");
  usage.add("--tranche", &wish.tranches, "what extensions ask for by RequestNamedLWLockTranche")
      .takes("NAME=LOCKS")
      .one_value_each();
  usage
      .add("--huge-page-size", &wish.huge_page_size,
           "as the setting huge_page_size; left out: 2MB, as x86-64 kernels have")
      .takes("SIZE");
  usage.add("--tlb-entries", &wish.tlb_entries, "translations that the processor keeps, for the reach told")
      .within(1, 1 << 20)
      .shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  const auto settings = settings_from(wish);
  if (!settings) return complain("shmem", settings.error(), io);
  const auto requests = requests_from(wish);
  if (!requests) return complain("shmem", requests.error(), io);
  const auto map = core::compute_shmem_map(*settings, *requests);
  if (!map) return complain("shmem", map.error(), io);
  const core::HugePagePlan plan = core::plan_huge_pages(*settings, map->total_bytes);
  if (wish.format == "csv")
    write_csv(*map, io);
  else if (wish.format == "json")
    write_json(*map, *settings, plan, wish, io.out);
  else
    write_text(*map, *settings, plan, wish, io.out);
  return kExitGood;
}

}  // namespace palloscope::gui::cli
