# SPDX-License-Identifier: Apache-2.0
"""What of dbt's own macros the models use, for SQLFluff, which reads them without a dbt."""


def type_string():
    return "varchar"
