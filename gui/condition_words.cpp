#include "gui/condition_words.h"

#include <algorithm>

namespace palloscope::gui {

using trace::WordSort;

std::string word_key(const trace::ConditionWord& word) {
  std::string key(word.same_as.empty() ? word.word : word.same_as);
  std::replace(key.begin(), key.end(), '.', '_');
  return std::string("condition_word") + (word.sort == WordSort::Sum ? ".sum_" : ".") + key;
}

const char* word_group_key(WordSort sort) {
  switch (sort) {
    case WordSort::Deed:
      return "condition.deeds";
    case WordSort::Field:
    case WordSort::TextField:
      return "condition.fields";
    case WordSort::Place:
    case WordSort::TextPlace:
      return "condition.places";
    case WordSort::Sum:
      return "condition.sums";
    case WordSort::Local:
      return "condition.locals";
    case WordSort::Global:
      return "condition.globals";
    case WordSort::Thing:
    case WordSort::Change:
    case WordSort::Joint:
      break;
  }
  return "condition.joints";
}

std::string shown_word(const trace::ConditionWord& word) {
  std::string shown(word.word);
  if (word.sort == WordSort::Sum) return shown + "(\"NAME\")";
  if (word.quantity == trace::Quantity::FreelistLength) return shown + "[N].length";
  if (word.sort == WordSort::Thing) return shown + " 0xADDRESS";
  return shown;
}

}  // namespace palloscope::gui
