// palloscope golden FILE...: replays recorded allocator sequences and compares.
#include <fmt/format.h>

#include <ostream>
#include <string>
#include <vector>

#include "gui/cli/arguments.h"
#include "trace/golden/golden_replay.h"

namespace palloscope::gui::cli {
namespace {

std::string counted(std::size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

void print(const trace::GoldenDocumentReport& document, std::ostream& out) {
  out << fmt::format("{}: {}, {}: {}\n", document.label, counted(document.sequences, "sequence", "sequences"),
                     counted(document.ops, "operation", "operations"),
                     counted(document.differences, "difference", "differences"));
  for (const trace::GoldenDifference& difference : document.first) out << "  " << trace::describe(difference) << '\n';
}

}  // namespace

int run_golden(Arguments arguments, Streams io) {
  Usage usage(
      "golden",
      "Replays golden files (what real PostgreSQL allocators did, operation by operation) in simulated processes and "
      "compares every position, header word, malloc call, layout and text. Exit status 0 only if all are equal.");
  std::vector<std::string> files;
  trace::GoldenOptions options;
  usage.add("FILE", &files, "golden files, .json or .json.zst").required();
  usage.add("--show", &options.keep_differences, "operations with differences to show for each file").shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  trace::GoldenDocumentReport total;
  for (const std::string& file : files) {
    const auto report = trace::replay_golden(file, options);
    if (!report) return complain("golden", report.error(), io);
    for (const trace::GoldenDocumentReport& document : report->documents) {
      print(document, io.out);
      total.sequences += document.sequences;
      total.ops += document.ops;
      total.differences += document.differences;
    }
  }
  total.label = "total";
  print(total, io.out);
  return total.differences == 0 ? kExitGood : kExitNo;
}

}  // namespace palloscope::gui::cli
