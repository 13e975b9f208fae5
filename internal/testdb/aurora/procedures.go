package aurora

// procedures are the mysql.rds_* procedures.
func (p *Proxy) procedures() []string {
	return []string{
		"CREATE PROCEDURE mysql.rds_kill(IN thread BIGINT) KILL thread",
		"CREATE PROCEDURE mysql.rds_kill_query(IN thread BIGINT) KILL QUERY thread",
	}
}
