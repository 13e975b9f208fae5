-- phpMyAdmin SQL Dump
-- version 5.2.1
-- https://www.phpmyadmin.net/
--
-- Host: localhost
-- Generation Time: Nov 23, 2026 at 09:12 AM
-- Server version: 10.4.28-MariaDB
-- PHP Version: 8.2.4

SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
START TRANSACTION;
SET time_zone = "+00:00";


/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES utf8mb4 */;

--
-- Database: `made_by_tool`
--
CREATE DATABASE IF NOT EXISTS `made_by_tool` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE `made_by_tool`;

DELIMITER $$
--
-- Functions
--
CREATE FUNCTION `twice` (`n` INT) RETURNS INT(11) DETERMINISTIC RETURN n * 2$$

DELIMITER ;

-- --------------------------------------------------------

--
-- Table structure for table `orders`
--

CREATE TABLE `orders` (
  `id` int(11) NOT NULL,
  `person` int(11) NOT NULL,
  `made` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  `total` decimal(9,2) NOT NULL DEFAULT 0.00
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

--
-- Dumping data for table `orders`
--

INSERT INTO `orders` (`id`, `person`, `made`, `total`) VALUES
(1, 1, '2026-01-01 00:00:00', 9.50),
(2, 0, '2026-01-02 03:04:05', -1.25);

-- --------------------------------------------------------

--
-- Table structure for table `people`
--

CREATE TABLE `people` (
  `id` int(11) NOT NULL COMMENT 'zero, too',
  `name` varchar(60) NOT NULL,
  `about` text DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

--
-- Dumping data for table `people`
--

INSERT INTO `people` (`id`, `name`, `about`) VALUES
(0, 'Zoë; \'the\' \"first\"', NULL),
(1, 'O`Hara', 'two\r\nlines -- no comment /* none */ #');

INSERT INTO `people` (`id`, `name`, `about`) VALUES
(7, '名前', '');

--
-- Triggers `people`
--
DELIMITER $$
CREATE TRIGGER `named` BEFORE INSERT ON `people` FOR EACH ROW SET NEW.name = CONCAT(NEW.name, '!')
$$
DELIMITER ;

-- --------------------------------------------------------

--
-- Stand-in structure for view `totals`
-- (See below for the actual view)
--
CREATE TABLE `totals` (
`name` varchar(60)
,`total` decimal(31,2)
);

-- --------------------------------------------------------

--
-- Structure for view `totals`
--
DROP TABLE IF EXISTS `totals`;

CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `totals`  AS SELECT `p`.`name` AS `name`, sum(`o`.`total`) AS `total` FROM (`people` `p` join `orders` `o` on(`o`.`person` = `p`.`id`)) GROUP BY `p`.`name` ;

--
-- Indexes for dumped tables
--

--
-- Indexes for table `orders`
--
ALTER TABLE `orders`
  ADD PRIMARY KEY (`id`),
  ADD KEY `person` (`person`,`made`);

--
-- Indexes for table `people`
--
ALTER TABLE `people`
  ADD PRIMARY KEY (`id`),
  ADD UNIQUE KEY `name` (`name`(40));
ALTER TABLE `people` ADD FULLTEXT KEY `about` (`about`);

--
-- AUTO_INCREMENT for dumped tables
--

--
-- AUTO_INCREMENT for table `orders`
--
ALTER TABLE `orders`
  MODIFY `id` int(11) NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=3;

--
-- AUTO_INCREMENT for table `people`
--
ALTER TABLE `people`
  MODIFY `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'zero, too', AUTO_INCREMENT=100;

--
-- Constraints for dumped tables
--

--
-- Constraints for table `orders`
--
ALTER TABLE `orders`
  ADD CONSTRAINT `of` FOREIGN KEY (`person`) REFERENCES `people` (`id`) ON DELETE CASCADE ON UPDATE CASCADE;
COMMIT;

/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
