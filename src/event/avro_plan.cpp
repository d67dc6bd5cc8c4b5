// SPDX-License-Identifier: Apache-2.0
#include "event/avro_plan.hpp"

#include <optional>

#include "event/record.hpp"
#include "event/rules.hpp"

namespace bassline::event {
namespace {

AvroOp op_for_text(AvroKind kind, Column column) {
    switch (kind) {
        case AvroKind::string:
        case AvroKind::bytes:
            return AvroOp::text;
        case AvroKind::enumeration:
            return AvroOp::symbol;
        case AvroKind::int32:
        case AvroKind::int64:
            return column == Column::user_id ? AvroOp::digits : AvroOp::mismatch;
        default:
            return AvroOp::mismatch;
    }
}

AvroOp op_for_real(AvroKind kind) {
    switch (kind) {
        case AvroKind::int32:
            return AvroOp::real_of_int;
        case AvroKind::int64:
            return AvroOp::real_of_long;
        case AvroKind::float32:
            return AvroOp::real_of_float;
        case AvroKind::float64:
            return AvroOp::read_double;
        default:
            return AvroOp::mismatch;
    }
}

AvroOp op_for(AvroKind kind, Column column) {
    if (kind == AvroKind::null) return AvroOp::null;
    switch (definition(column).type) {
        case Type::boolean:
            return kind == AvroKind::boolean ? AvroOp::boolean : AvroOp::mismatch;
        case Type::int32:
            return kind == AvroKind::int32 ? AvroOp::read_int : AvroOp::mismatch;
        case Type::int64:
            if (kind == AvroKind::int64) return AvroOp::read_long;
            return kind == AvroKind::int32 ? AvroOp::read_int : AvroOp::mismatch;
        case Type::real:
            return op_for_real(kind);
        default:
            return op_for_text(kind, column);
    }
}

AvroStep step_for(AvroPlan& plan, std::uint32_t node, std::string_view name,
                  std::optional<Column> column) {
    AvroStep step{.op = AvroOp::rescue, .node = node, .name = name};
    if (!column) return step;
    step.column = *column;
    const AvroNode& type = plan.schema.nodes[node];
    if (type.kind != AvroKind::choice) {
        step.op = op_for(type.kind, *column);
        return step;
    }
    step.op = AvroOp::choice;
    step.first_branch = static_cast<std::uint32_t>(plan.branches.size());
    step.branch_count = static_cast<std::uint32_t>(type.parts.size());
    for (const std::uint32_t part : type.parts) {
        AvroStep branch{.column = *column, .node = part, .name = name};
        branch.op = op_for(plan.schema.nodes[part].kind, *column);
        plan.branches.push_back(branch);
    }
    return step;
}

Topic topic_of(const AvroPlan& plan) {
    Line line;
    line.fields.seen = plan.seen;
    classify(line);
    return line.records[0].topic;
}

}  // namespace

Result<AvroPlan> make_avro_plan(std::string_view schema) {
    AvroPlan plan;
    TRY_ASSIGN(plan.schema, parse_avro_schema(schema));
    const AvroNode& root = plan.schema.nodes[plan.schema.root];
    if (root.kind != AvroKind::record) {
        return error(ErrorKind::bad_data, "the Avro schema is a {}, not a record",
                     to_string(root.kind));
    }
    for (std::size_t i = 0; i < root.parts.size(); ++i) {
        const std::string_view name = root.names[i];
        std::optional<Column> column = column_of_field(name);
        // `length` and `duration` side by side: the first is the column, the other is kept.
        if (column && (plan.seen & bit_of(*column)) != 0) column.reset();
        plan.steps.push_back(step_for(plan, root.parts[i], name, column));
        if (!column) continue;
        plan.seen |= bit_of(*column);
        plan.length_seen |= name == "length";
    }
    plan.topic = topic_of(plan);
    return plan;
}

}  // namespace bassline::event
