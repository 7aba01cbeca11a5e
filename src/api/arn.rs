//! Amazon Resource Names of tables and indexes.

/// The account all bundled tables belong to.
const ACCOUNT: &str = "000000000000";

/// The ARN of a table.
pub fn table_arn(region: &str, table: &str) -> String {
    format!("arn:aws:dynamodb:{region}:{ACCOUNT}:table/{table}")
}

/// The ARN of a secondary index of a table.
pub fn index_arn(region: &str, table: &str, index: &str) -> String {
    format!("{}/index/{index}", table_arn(region, table))
}

/// The name of the table an ARN is about, its own or that of one of its indexes; `None` where it is about something else.
///
/// Requests may name a table by its ARN (API: TableArn), which holds what no table name does: a colon.
pub fn table_of_arn(arn: &str) -> Option<&str> {
    // arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME[/index/NAME]
    let mut parts = arn.splitn(6, ':');
    let (prefix, service) = (parts.next()?, parts.nth(1)?);
    let resource = parts.nth(2).filter(|_| prefix == "arn" && service == "dynamodb")?;
    resource.strip_prefix("table/")?.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_back() {
        let table = table_arn("eu-west-1", "orders");
        assert_eq!(table, "arn:aws:dynamodb:eu-west-1:000000000000:table/orders");
        let index = index_arn("eu-west-1", "orders", "by_date");
        assert_eq!(index, "arn:aws:dynamodb:eu-west-1:000000000000:table/orders/index/by_date");
        assert_eq!((table_of_arn(&table), table_of_arn(&index)), (Some("orders"), Some("orders")));
        for other in ["orders", "arn:aws:dynamodb:eu-west-1:1:backup/orders", "arn:aws:s3:::table/orders:", "arn:", ""]
        {
            assert_eq!(table_of_arn(other), None, "{other}");
        }
    }
}
