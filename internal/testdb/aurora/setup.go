package aurora

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// rights are those of a managed master user, by the Aurora User Guide: never SUPER, FILE, SHUTDOWN, BACKUP_ADMIN,
// SYSTEM_VARIABLES_ADMIN, SYSTEM_USER or BINLOG_ADMIN.
func (p *Proxy) rights() string {
	r := []string{
		"ALTER", "ALTER ROUTINE", "CREATE", "CREATE ROUTINE", "CREATE TEMPORARY TABLES", "CREATE USER", "CREATE VIEW", "DELETE", "DROP", "EVENT",
		"EXECUTE", "INDEX", "INSERT", "LOCK TABLES", "PROCESS", "REFERENCES", "RELOAD", "REPLICATION CLIENT", "REPLICATION SLAVE", "SELECT",
		"SHOW DATABASES", "SHOW VIEW", "TRIGGER", "UPDATE",
	}
	if p.line.roles {
		// SET_USER_ID of version 3 is SET_ANY_DEFINER and ALLOW_NONEXISTENT_DEFINER on a server of this age.
		r = append(r, "APPLICATION_PASSWORD_ADMIN", "CONNECTION_ADMIN", "CREATE ROLE", "DROP ROLE", "ROLE_ADMIN", "SET_ANY_DEFINER",
			"ALLOW_NONEXISTENT_DEFINER", "SHOW_ROUTINE", "XA_RECOVER_ADMIN")
	}
	if p.line.version >= "8.4" {
		r = append(r, "FLUSH_OPTIMIZER_COSTS", "FLUSH_STATUS", "FLUSH_TABLES", "FLUSH_USER_RESOURCES", "FLUSH_PRIVILEGES", "OPTIMIZE_LOCAL_TABLE")
	}
	return strings.Join(r, ", ")
}

// setUp makes what Aurora has and MySQL has not.
func (p *Proxy) setUp(ctx context.Context, password string) error {
	account := literal(p.user) + "@'%'"
	statements := []string{
		"CREATE USER " + account + " IDENTIFIED BY " + literal(password),
		// AWS's own, as in every instance; nobody knows the password.
		"CREATE USER rdsadmin@localhost IDENTIFIED BY " + literal(rand.Text()),
		"GRANT ALL ON *.* TO rdsadmin@localhost WITH GRANT OPTION",
		`CREATE TABLE mysql.aurora_s3_load_history (load_prefix VARCHAR(1024), file_name VARCHAR(1024), version_number VARCHAR(1024),
			bytes_loaded BIGINT, load_timestamp TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB DEFAULT CHARACTER SET utf8`,
	}
	if p.line.roles {
		// The real server's LOAD DATA INFILE and INTO OUTFILE need FILE: whoever has a role for S3 active has it, behind the stand-in.
		statements = append(statements,
			"CREATE USER rdsrepladmin@'%' IDENTIFIED BY "+literal(rand.Text()),
			"CREATE ROLE rds_superuser_role, AWS_LOAD_S3_ACCESS, AWS_SELECT_S3_ACCESS",
			"GRANT "+p.rights()+" ON *.* TO rds_superuser_role WITH GRANT OPTION",
			"GRANT FILE ON *.* TO AWS_LOAD_S3_ACCESS, AWS_SELECT_S3_ACCESS",
			"GRANT rds_superuser_role, AWS_LOAD_S3_ACCESS, AWS_SELECT_S3_ACCESS TO "+account+" WITH ADMIN OPTION",
			"SET DEFAULT ROLE rds_superuser_role TO "+account)
	} else {
		statements = append(statements, "GRANT "+p.rights()+", FILE ON *.* TO "+account+" WITH GRANT OPTION")
		p.hold(p.user+"@%", loadFromS3, true)
		p.hold(p.user+"@%", selectIntoS3, true)
	}
	for _, q := range append(statements, p.procedures()...) {
		if _, err := p.root.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("set up Aurora %s: %.200s: %w", p.line.aurora, q, err)
		}
	}
	return nil
}
