// A card (trace/explain) in words: the sentences of one language with the numbers filled in.
#pragma once

#include <string>
#include <vector>

#include "gui/strings.h"
#include "trace/explain/card.h"

namespace palloscope::gui {

struct Explanation {
  std::vector<std::string> sentences;  // never empty
  std::string rule;                    // "aset.c · AllocSetAlloc · spec 3.5"; empty: no rule of PostgreSQL's
  std::string call;                    // "palloc of 8000 B in work: effect 3 of 11"; empty: the event stands alone
  std::vector<std::string> effects;    // of that call, in words, as in Card::effects
  friend bool operator==(const Explanation&, const Explanation&) = default;
};

Explanation in_words(const trace::Card& card, const Strings& strings);
std::string in_words(const trace::Sentence& sentence, const Strings& strings);

// Sizes on cards are exact, so that one can add them up: 8192 -> "8192 B", 1048576 -> "1 MB".
std::string format_exact_bytes(std::uint64_t bytes);

}  // namespace palloscope::gui
