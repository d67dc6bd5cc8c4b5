// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// Values as the original's JSON library (Jackson on Java) spells them. Pure.
namespace bassline::simulator {

/// The text between quotation marks: ", \ and control characters are escaped, all else stands as it
/// is, in UTF-8.
std::string json_text(std::string_view text);

/// The shortest decimal that reads back as the value, as Java's Float.toString and Double.toString
/// write it: always with a fraction ("200.0"), with an exponent below 0.001 and from 10^7 on
/// ("1.0E7").
std::string java_number(float value);
std::string java_number(double value);

/// UTF-8 taken for Latin-1 and encoded again, as the original does with its data files.
std::string encoded_twice(std::string_view text);

}  // namespace bassline::simulator
